"""Fit minutes to kilometres and rush hour by gradient descent, from a fixed seed."""

import json
from pathlib import Path
from random import Random

random = Random(5)
trips = [(random.uniform(1, 20), random.choice([0, 0, 1])) for _ in range(500)]
trips = [(km, rush, 2.4 * km + 7 * rush + random.gauss(0, 1)) for km, rush in trips]
per_km = extra = 0.0
for km, rush, minutes in trips * 20:
    wrong = per_km * km + extra * rush - minutes
    per_km -= 0.001 * wrong * km
    extra -= 0.01 * wrong * rush
Path("model.json").write_text(json.dumps({"per_km": per_km, "rush": extra}))
