"""A project as it looks after a month of work: four files of service, and 60 MB of everything."""

import json
import os
import secrets
import shutil
from pathlib import Path

import mldocker_lab as lab

HERE = Path(__file__).parent
OWN = ("app", "requirements.txt", "bad.Dockerfile", "good.Dockerfile")
MB = 1_000_000
GATHERED = {
    ".git/objects/pack/pack-1f2e.pack": 16 * MB,
    "data/sentences.parquet": 30 * MB,
    "wandb/run-20261103_091500/files/media.bin": 6 * MB,
    "wandb/run-20261103_091500/debug.log": 20_000,
    "app/__pycache__/main.cpython-311.pyc": 3_000,
}


def grow(name):
    """Make the project in a folder of this name, anew; returns the folder."""
    folder = Path(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for own in OWN:
        copy = shutil.copytree if (HERE / own).is_dir() else shutil.copyfile
        copy(HERE / own, folder / own)
    for path, size in GATHERED.items():
        write(folder / path, os.urandom(size))
    for path in ("explore.ipynb", ".ipynb_checkpoints/explore-checkpoint.ipynb"):
        write(folder / "notebooks" / path, notebook(4 * MB).encode())
    write(folder / ".git" / "HEAD", b"ref: refs/heads/main\n")
    write(folder / "data" / "labels.txt", b"German\nEnglish\nFrench\n")
    for place in (folder, folder / "app"):
        write(place / ".env", f"HUB_TOKEN=made-up-{secrets.token_hex(8)}\n".encode())
    return folder


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def notebook(size):
    """A notebook with one large picture in it."""
    picture = {"image/png": os.urandom(size * 3 // 8).hex() + "00" * (size // 8)}
    cell = {"cell_type": "markdown", "id": "plot", "metadata": {}, "source": ""}
    cell["attachments"] = {"plot.png": picture}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def sent(folder, lines, dockerfile="bad.Dockerfile"):
    """The files a build would send if .dockerignore had these lines."""
    file = folder / ".dockerignore"
    file.write_text(lines, encoding="utf-8")
    try:
        return set(lab.context(folder, dockerfile).files)
    finally:
        file.unlink()
