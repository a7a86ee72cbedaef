"""Get the weights that the deployment names: checked, in one piece, kept for the next start."""

import hashlib
import json
import os
import tempfile
import urllib.request
from pathlib import Path

CACHE = Path("/models")
SECONDS = 60


def fetch():
    registry, name, version, sha256 = (
        os.environ[f"MODEL_{word}"] for word in ("REGISTRY", "NAME", "VERSION", "SHA256")
    )
    kept = CACHE / f"{name}-{version}-{sha256[:12]}"
    if kept.exists() and digest(kept) == sha256:
        print(f"{name} version {version}: from the cache")
        return kept
    CACHE.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=CACHE, delete=False) as part:
        for piece in download(registry, name, version):
            part.write(piece)
    found = digest(part.name)
    if found != sha256:
        Path(part.name).unlink()
        raise ValueError(f"{name} version {version} refused: sha256 {found}, expected {sha256}")
    return Path(part.name).replace(kept)


def download(registry, name, version):
    """The file of a version, in pieces, by MLflow's REST API."""
    about = f"{registry}/api/2.0/mlflow/model-versions/get?name={name}&version={version}"
    with urllib.request.urlopen(about, timeout=SECONDS) as answer:
        told = json.load(answer)["model_version"]
    file = next(tag["value"] for tag in told["tags"] if tag["key"] == "file")
    path = told["source"].removeprefix("mlflow-artifacts:/")
    there = f"{registry}/api/2.0/mlflow-artifacts/artifacts/{path}/{file}"
    with urllib.request.urlopen(there, timeout=SECONDS) as answer:
        while piece := answer.read(1 << 20):
            yield piece


def digest(path):
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
