"""Gets the weights that the deployment asks for: checked, in one piece, kept for the next start."""

import hashlib
import os
import tempfile
import urllib.request
from pathlib import Path

CACHE = Path("/models")
SECONDS = 30


def fetch(store, name, version, sha256):
    """The bytes of a version; from the cache if they are there and are the right ones."""
    kept = CACHE / f"{name}-{version}-{sha256}"
    if kept.is_file() and hashlib.sha256(data := kept.read_bytes()).hexdigest() == sha256:
        return data
    with urllib.request.urlopen(f"{store}/{name}/{version}", timeout=SECONDS) as answer:
        data = answer.read()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{name} {version} refused: its sha256 is {found}, not {sha256}")
    CACHE.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=CACHE, delete=False) as part:
        part.write(data)
    Path(part.name).replace(kept)
    return data


if __name__ == "__main__":
    fetch(*(os.environ[f"MODEL_{word}"] for word in ("STORE", "NAME", "VERSION", "SHA256")))
