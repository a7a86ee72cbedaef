"""What the service says, in JSON that was put together by hand."""

import os
import time


def started():
    write("info", "started", threads=os.environ.get("THREADS"))


def write(level, message, **fields):
    rest = "".join(f', "{name}": "{value}"' for name, value in fields.items())
    print(f'{{"ts": "{time.time()}", "level": "{level}", "message": "{message}"{rest}}}')
