"""Tells how long a delivery takes; keeps a table that it computes in a cache folder."""

import os
from pathlib import Path

from fastapi import FastAPI

MODEL = Path(__file__).with_name("model.bin")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "delivery"


def table():
    """One byte in ten thousand, from the cache if it is there."""
    kept = CACHE / "table.bin"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(MODEL.read_bytes()[::10_000])
    return kept.read_bytes()


TABLE = table()
app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/minutes")
def minutes(km: int):
    return {"minutes": TABLE[km]}
