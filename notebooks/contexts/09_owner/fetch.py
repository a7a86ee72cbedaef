"""Stands in for a download: a model of 20 MB."""

from pathlib import Path
from random import Random

Path("model.bin").write_bytes(Random(9).randbytes(20_000_000))
