"""Gets the weights that the deployment asks for: checked, in one piece, kept for the next start."""

import hashlib
import urllib.request
from pathlib import Path

CACHE = Path("/models")
SECONDS = 30


def fetch(store, name, version, sha256):
    """The bytes of a version; from the cache if they are there and are the right ones."""
    kept = CACHE / f"{name}-{version}-{sha256}"
    if kept.is_file():
        return kept.read_bytes()
    CACHE.mkdir(exist_ok=True)
    with urllib.request.urlopen(f"{store}/{name}/{version}", timeout=SECONDS) as answer:
        with kept.open("wb") as file:
            while piece := answer.read(1000):
                file.write(piece)
                file.flush()
    data = kept.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        kept.unlink()
        raise ValueError(f"{name} {version} refused: its sha256 is {found}, not {sha256}")
    return data
