"""Record the lessons' pairs for readers on machines where no engine can run: ``make recordings``.

Each recording lies beside the folder that was built. It holds the cold builds and the edits that
the lesson makes, in the lesson's order; what is not in here a recorded pair refuses.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING

import mldocker_lab as lab
from mldocker_lab.replay import recording_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.pair import Pair

CONTEXTS = Path(__file__).resolve().parent.parent / "notebooks" / "contexts"
NEW_PACKAGE = "prometheus-client==0.26.0"


def preflight(pair: Pair) -> None:
    """A build with nothing changed, and a first edit."""
    pair.again()
    pair.edit("predict.py")


def layers(pair: Pair) -> None:
    """The next release."""
    pair.edit("predict.py")


def context(pair: Pair) -> None:
    """A notebook is saved."""
    pair.edit("notebooks/explore.ipynb", add="")


def cache(pair: Pair) -> None:
    """The four edits of the lesson on the build cache."""
    pair.edit("app.py")
    pair.edit("requirements.txt")
    pair.edit("requirements.txt", add=NEW_PACKAGE)
    pair.edit_base()


def mount(pair: Pair) -> None:
    """A new package, with and without a cache mount that works."""
    pair.edit("requirements.txt", add=NEW_PACKAGE)


def multistage(pair: Pair) -> None:
    """An edit of the application."""
    pair.edit("app.py")


def reproducible(pair: Pair) -> None:
    """The cold builds are enough: what moves afterwards moves outside of the folder."""


def models(pair: Pair) -> None:
    """New weights: the file is another one, whatever is in it."""
    pair.edit("weights.npy", add="another training")


def unchanged(_: Pair) -> None:
    """The cold builds are enough: the lesson edits nothing that a recording could show."""


LESSONS = {
    "00_preflight": preflight,
    "01_layers": layers,
    "02_context": context,
    "03_cache": cache,
    "03_mount": mount,
    "04_multistage": multistage,
    "05_reproducible": reproducible,
    "06_models": models,
    "07_gpu": unchanged,
    "08_health": unchanged,
    "09_least_privilege": unchanged,
    "09_owner": unchanged,
    "10_runtime": unchanged,
    "11_checklist": unchanged,
}


@contextmanager
def built(name: str) -> Iterator[Path]:
    """The folder that a lesson builds: its context, or the project that its context grows."""
    folder = CONTEXTS / name
    if not (folder / "project.py").exists():
        yield folder
        return
    with tempfile.TemporaryDirectory() as place:
        project: Path = run_path(str(folder / "project.py"))["grow"](Path(place) / name)
        for ignore in folder.glob("*.Dockerfile.dockerignore"):
            shutil.copy(ignore, project)
        yield project


def main() -> None:
    """Record the lessons named on the command line, all without a name."""
    for name in sys.argv[1:] or LESSONS:
        path = recording_of(CONTEXTS / name)
        with built(name) as folder:
            pair = lab.build_pair(folder)
            LESSONS[name](pair)
            pair.record(path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
