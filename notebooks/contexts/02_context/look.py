"""Two ways to look that need nothing of this lab: Docker's own program, and `docker save`."""

import io
import os
import re
import shutil
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

from mldocker_lab.grade.search import find
from mldocker_lab.lab import find_engine

TAG = "mldocker-lab/look"
SAYS = re.compile(r"(?:transferring context:|Sending build context.*daemon)\s+[\d.]+\w+")


def docker_says(folder, dockerfile, *, buildkit):
    """What `docker build` itself says that it sends; builds FROM scratch, so nothing is run."""
    engine = find_engine()
    programs = {shutil.which("docker"), *filter(os.path.exists, ["/usr/bin/docker"])} - {None}
    for program in sorted(programs):
        done = subprocess.run(
            [program, "-H", engine.url, "build", "--tag", TAG, "-f-", folder],
            input=f"FROM scratch\n{dockerfile}\n", capture_output=True, text=True, check=False,
            env={**os.environ, "DOCKER_BUILDKIT": str(int(buildkit)), "BUILDKIT_PROGRESS": "plain"},
        )  # fmt: skip
        said = SAYS.findall(done.stdout + done.stderr)
        if done.returncode == 0 and said:
            engine.remove_image(TAG)
            return re.sub(r"\s+", " ", said[-1])
    return "no docker program here that can do this"


def dig(build, name):
    """Every text that a file of this name holds, in any layer: what `docker save` and tar show."""
    image = io.BytesIO(b"".join(find_engine().save(build.tag)))
    with tarfile.open(fileobj=image) as outer:
        for part in filter(tarfile.TarInfo.isfile, outer):
            data = outer.extractfile(part)
            with suppress(tarfile.ReadError), tarfile.open(fileobj=data) as layer:
                for file in filter(tarfile.TarInfo.isfile, layer):
                    if Path("/", file.name) == Path(name):
                        yield layer.extractfile(file).read().decode()


def holders(build, word):
    """The files of all layers, and the settings, in which a word stands."""
    return find(find_engine().save(build.tag), [word]).get(word, ())
