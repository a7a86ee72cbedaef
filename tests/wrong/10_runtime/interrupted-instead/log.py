"""What the service says: one JSON object a line, and nothing that was not asked for by name."""

import json
import os
from datetime import UTC, datetime

SHOWN = ("THREADS",)


def started():
    """The first thing it says: the settings that may be known."""
    write("info", "started", settings={name: os.environ.get(name) for name in SHOWN})


def write(level, message, **fields):
    """Say something."""
    told = {"ts": datetime.now(UTC).isoformat(), "level": level, "message": message, **fields}
    print(json.dumps(told))
