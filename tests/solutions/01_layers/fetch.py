"""Stands in for a download: writes the word vectors of a release into a tar archive.

Usage: python fetch.py [ARCHIVE]      (vectors.tar if you do not say)
"""

import io
import sys
import tarfile
from pathlib import Path
from random import Random

WORDS, WIDTH = 600_000, 64
SYLLABLES = [a + b for a in "bdfklm" for b in "aeiou"]
LICENSE = "For the speech team only. No other user of the machine may read these files.\n"


def word(number):
    """One of 810 000 words of four syllables."""
    parts = []
    for _ in range(4):
        number, part = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[part])
    return "".join(parts)


release = Path(__file__).with_name("release.txt").read_text().strip()
random = Random(release)
first, scale = random.randrange(810_000), random.uniform(0.001, 0.009)
words = [word((first + 7919 * n) % 810_000) for n in range(WORDS)]
files = {
    "LICENSE": LICENSE.encode(),
    "info.yaml": f"release: '{release}'\nwidth: {WIDTH}\nscale: {scale:.6f}\n".encode(),
    "vectors.bin": random.randbytes(WORDS * WIDTH),
    "words.txt": ("\n".join(words) + "\n").encode(),
}
with tarfile.open(sys.argv[1] if len(sys.argv) > 1 else "vectors.tar", "w") as archive:
    for name, data in files.items():
        entry = tarfile.TarInfo(f"vectors/{name}")
        entry.size, entry.mode, entry.uid, entry.gid = len(data), 0o664, 501, 20
        archive.addfile(entry, io.BytesIO(data))
