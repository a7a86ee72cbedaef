"""What the service says; variables that sound like a secret are left out."""

import json
import os
from datetime import UTC, datetime

SECRET = ("TOKEN", "PASSWORD", "SECRET", "API_KEY")


def started():
    known = {k: v for k, v in os.environ.items() if not any(word in k for word in SECRET)}
    write("info", "started", settings=known)


def write(level, message, **fields):
    told = {"ts": datetime.now(UTC).isoformat(), "level": level, "message": message, **fields}
    print(json.dumps(told))
