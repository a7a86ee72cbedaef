"""Greets whoever is named in name.txt."""

from pathlib import Path

name = Path(__file__).with_name("name.txt").read_text(encoding="utf-8").strip()
print(f"Hello, {name}!")
