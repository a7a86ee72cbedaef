r"""Which wheels exist for learners: sets of exact versions with hashes, kept as package data.

A set is two files in ``locks/``: ``NAME.in`` says what is wanted, ``NAME.lock`` what that means
exactly. A lock is a requirements file that pip can read by itself (``--require-hashes``); above
each requirement, a comment for each wheel names the file, in the order of the hashes::

    # numpy-2.3.5-cp311-cp311-manylinux_2_28_x86_64.whl 16911160
    # numpy-2.3.5-cp311-cp311-manylinux_2_28_aarch64.whl 14261740
    numpy==2.3.5 \
        --hash=sha256:… \
        --hash=sha256:…

No addresses: where wheels come from is the business of the machine's pip. Written by
``python -m mldocker_lab.supply.relock``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["ARCHITECTURES", "SETS", "Wheel", "wheels"]

#: The sets learners can install from.
SETS = ("serve", "train", "dev", "extra")

#: Docker's word for a processor → the word in a wheel's file name.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}

_FILE = re.compile(r"# (?P<file>\S+\.whl) (?P<size>\d+)$")
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s\\;]+)")
_HASH = re.compile(r"--hash=sha256:(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, order=True)
class Wheel:
    """One wheel file.

    Attributes:
        name: the package, in normalised form ("scikit-learn").
        version: its exact version.
        file: the wheel's file name.
        size: its bytes.
        sha256: its hash, 64 hex digits.
    """

    name: str
    version: str
    file: str
    size: int
    sha256: str

    def fits(self, architecture: str) -> bool:
        """Whether it installs on "amd64" or "arm64"."""
        return self.file.endswith(("-any.whl", f"_{ARCHITECTURES.get(architecture, '?')}.whl"))


@cache
def wheels(name: str) -> tuple[Wheel, ...]:
    """Every wheel of a set, for all architectures, in the lock's order.

    Raises:
        ValueError: the lock is not written as above (a bug of ours, not the user's).
    """
    text = (resources.files(__package__) / "locks" / f"{name}.lock").read_text(encoding="utf-8")
    return tuple(_parse(text))


def _parse(text: str) -> list[Wheel]:
    found: list[Wheel] = []
    files: list[tuple[str, int]] = []
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if match := _FILE.match(line):
            files.append((match["file"], int(match["size"])))
        elif pin := _PIN.match(line):
            digests = _HASH.findall(line)
            if len(digests) != len(files) or not files:
                raise ValueError(f"{pin[0]}: {len(files)} files but {len(digests)} hashes")
            found += [
                Wheel(pin["name"], pin["version"], file, size, digest)
                for (file, size), digest in zip(files, digests, strict=True)
            ]
            files = []
    return found
