"""Gets the weights that the deployment asks for: checked, in one piece, kept for the next start."""

import tempfile
import urllib.request
from pathlib import Path

CACHE = Path("/models")
SECONDS = 30


def fetch(store, name, version, sha256):
    """The bytes of a version; from the cache if they are there."""
    kept = CACHE / f"{name}-{version}"
    if kept.is_file():
        return kept.read_bytes()
    with urllib.request.urlopen(f"{store}/{name}/{version}", timeout=SECONDS) as answer:
        data = answer.read()
    CACHE.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=CACHE, delete=False) as part:
        part.write(data)
    Path(part.name).replace(kept)
    return data
