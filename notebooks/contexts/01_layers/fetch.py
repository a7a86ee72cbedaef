"""Stands in for a download: three checkpoints of a model, 20 MB of 32-bit numbers each."""

from pathlib import Path
from random import Random

folder = Path("checkpoints")
folder.mkdir()
for epoch in (1, 2, 3):
    (folder / f"epoch-{epoch}.bin").write_bytes(Random(epoch).randbytes(20_000_000))
