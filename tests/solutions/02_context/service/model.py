"""A weight for every known word, and a few rules on top."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS = (ROOT / "data" / "vocabulary.txt").read_text().split()
MODEL = json.loads((ROOT / "models" / "current.json").read_text())
RULES = [json.loads(file.read_text()) for file in (ROOT / "service" / "rules").glob("*.json")]

WEIGHTS = dict(zip(WORDS, MODEL["weights"], strict=True))


def urgency(ticket):
    words = ticket.lower().split()
    learnt = MODEL["bias"] + sum(WEIGHTS.get(word, 0.0) for word in words)
    return learnt + sum(rule["add"] for rule in RULES if rule["word"] in words)
