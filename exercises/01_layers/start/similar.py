"""How similar are two words? Usage: python similar.py WORD WORD [WORD WORD …]."""

import sys
from array import array
from pathlib import Path

import yaml

folder = Path(__file__).with_name("vectors")
info = yaml.safe_load((folder / "info.yaml").read_text())
words = (folder / "words.txt").read_text().split()
vectors = array("b", (folder / "vectors.bin").read_bytes())


def vector(word):
    """The numbers that stand for a word."""
    start = words.index(word) * info["width"]
    return vectors[start : start + info["width"]]


print(len(words), "words of release", info["release"])
for one, other in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    score = info["scale"] * sum(a * b for a, b in zip(vector(one), vector(other), strict=True))
    print(one, other, f"{score:.4f}")
