"""Our parser against BuildKit itself: what it refuses we refuse, with the line that it names.

BuildKit reads the whole file before it looks for an image, so that nothing is built here: what it
accepts fails a moment later, for want of the image ``nowhere``.
"""

from __future__ import annotations

import io
import re
import tarfile

import pytest

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import DockerfileError, EngineError

NAMED = re.compile(r"parse error(?: on)? line (\d+)")
WANTS_IMAGE = re.compile(r"nowhere|pull access|registry|manifest|metadata|source", re.IGNORECASE)

REFUSED = [
    "RNU pip install x",
    "RUN a\n  pip install x",
    "\\\n",
    "COPY a",
    "ADD a",
    "COPY a <<E\nE",
    "COPY --form=y a b",
    "COPY --from y a b",
    "COPY --link=maybe a b",
    "COPY --from=a --from=b c d",
    "USER --x=1 y",
    "RUN <<E\na",
    "CMD [1, 2]",
    "SHELL bash",
    "SHELL ['a', 'b']",
    "ENV a",
    "ENV a=1 b",
    "ENV =1",
    "LABEL =1",
    "USER",
    "WORKDIR",
    "HEALTHCHECK curl x",
    "HEALTHCHECK NONE x",
    "HEALTHCHECK CMD",
    "ONBUILD ONBUILD RUN x",
    "ONBUILD FROM x",
    "FROM a b",
    "FROM a AS 1x",
    "FROM",
    f"RUN {'y' * 70_000}",
]
ACCEPTED = [
    "run a \\\n# comment\n\n  b \\\n",
    'RUN cat <<A <<-"B" && c\na\nA\n\tb\n\tB\n',
    "COPY --chmod=755 <<a.sh <<b /bin/\nhi\na.sh\nho\nb\n",
    "RUN --mount=type=cache,target=/c --mount=type=secret,id=s --network=none a",
    "COPY --from=nowhere --chown=1:1 --link a b /",
    "ADD --checksum=sha256:" + "0" * 64 + " https://x.invalid/a /",
    "ARG A=1 B\nENV C=${A:-2} D='e f' G=\"h $A\"\nENV old  way \\ x",
    "HEALTHCHECK --interval=5s CMD curl -f x || exit 1\nHEALTHCHECK NONE",
    'SHELL ["bash", "-c"]\nCMD [\'single\']\nENTRYPOINT ["a", "b"] # no comment',
    "ONBUILD RUN a\nONBUILD COPY a b\nSTOPSIGNAL SIGTERM\nEXPOSE 1 2/udp\nVOLUME /a /b",
    "RUN setuptools>=41 'timm!=1.0.23' $PIP_INSTALL",
    "FROM nowhere AS Two\nFROM two\nCOPY --from=TWO a b",
    "RUN echo <<<x && echo '1 << 2' \\<< 2 a<< b <<- c <<",
]  # fmt: skip


def said(engine, text):
    """What BuildKit says about a Dockerfile; it never gets far."""
    buffer, data = io.BytesIO(), text.encode()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    try:
        for message in engine.post_build({"version": "2"}, buffer.getvalue()):
            if "error" in message:
                return message["error"]
    except EngineError as error:
        return str(error)
    raise AssertionError("it was built")


@pytest.fixture(autouse=True)
def new_enough(every_engine):
    if every_engine.name.startswith("20.10"):
        pytest.skip("BuildKit of 20.10 knows no here-documents and no --link")


@pytest.mark.parametrize("text", REFUSED)
def test_what_buildkit_refuses(each_engine, text):
    whole = f"FROM nowhere\n\n{text}\n"
    with pytest.raises(DockerfileError) as caught:
        parse(whole)
    theirs = said(each_engine, whole)
    named = NAMED.search(theirs)
    assert not WANTS_IMAGE.search(theirs.partition("\n")[0].replace(whole, ""))
    assert caught.value.line == (int(named[1]) if named else caught.value.line or 0)
    assert caught.value.line >= 3


def test_a_blank_before_the_name_of_a_here_document(every_engine, each_engine):
    """Newer ones take it for one; ours does where a line ends it, whatever the engine thinks."""
    whole = "FROM nowhere AS one\nRUN cat << E\na\nE\n"
    assert [doc.content for doc in parse(whole).instructions[1].heredocs] == ["a\n"]
    theirs = said(each_engine, whole)
    assert WANTS_IMAGE.search(theirs) or "unknown instruction: a" in theirs
    assert WANTS_IMAGE.search(theirs) or not every_engine.name.startswith("28")


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_buildkit_accepts(each_engine, text):
    whole = f"FROM nowhere AS one\n{text}\n"
    parse(whole)
    assert WANTS_IMAGE.search(said(each_engine, whole))
