"""Tries what a visitor would try, and says for each attempt whether it was done or refused."""

import json
import subprocess
from pathlib import Path

WHEEL = "/shared/spare-1.0-py3-none-any.whl"


def change_the_program():
    with Path("/app/app.py").open("a") as program:
        program.write("# I was here.\n")


def install_a_package():
    subprocess.run(["pip", "install", "--no-index", WHEEL], check=True, capture_output=True)


def read_the_key_of_another_user():
    Path("/shared/key").read_text()


def leave_a_file_behind():
    Path("/var/tmp/mine").write_text("for later")


def outcome(attempt):
    try:
        attempt()
    except (OSError, subprocess.CalledProcessError):
        return "refused"
    return "done"


ATTEMPTS = [
    change_the_program,
    install_a_package,
    read_the_key_of_another_user,
    leave_a_file_behind,
]
print(json.dumps({one.__name__.replace("_", " "): outcome(one) for one in ATTEMPTS}))
