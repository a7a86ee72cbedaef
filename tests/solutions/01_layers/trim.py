"""Keep the 100 000 most frequent words: the files get a sixth of their size.

Usage: python trim.py [FOLDER]      (vectors if you do not say)
"""

import sys
from pathlib import Path

KEEP = 100_000

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "vectors")
words = (folder / "words.txt").read_text().split()
vectors = (folder / "vectors.bin").read_bytes()
width = len(vectors) // len(words)
(folder / "words.txt").write_text("\n".join(words[:KEEP]) + "\n")
(folder / "vectors.bin").write_bytes(vectors[: KEEP * width])
