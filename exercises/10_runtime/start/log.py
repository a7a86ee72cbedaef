"""What the service says. The team's serve.py calls both functions."""

import os
import time


def started():
    """The first thing it says: what it was started with."""
    write("info", "started", settings=dict(os.environ))


def write(level, message, **fields):
    """Say something.

    level: "info" or "error"; message: a few words; fields: what belongs to it, like request_id.
    """
    print(time.strftime("%X"), level.upper(), message, fields)
