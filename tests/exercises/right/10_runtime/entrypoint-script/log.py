"""The module logging, with a formatter that writes JSON; its handlers flush each record."""

import json
import logging
import os
import sys
from datetime import UTC, datetime


class Lines(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record):
        """One line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat()
        told = {"ts": when, "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(told | record.fields, ensure_ascii=False)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Lines())
logger = logging.getLogger("service")
logger.addHandler(handler)
logger.setLevel(logging.INFO)


def started():
    write("info", "started", threads=os.environ["THREADS"])


def write(level, message, **fields):
    logger.log(logging.getLevelName(level.upper()), message, extra={"fields": fields})
