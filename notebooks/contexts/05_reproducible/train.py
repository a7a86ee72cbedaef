"""Fit minutes to kilometres and rush hour by gradient descent, from a fixed seed."""

import json
from random import Random

random = Random(5)
trips = [(random.uniform(1, 20), random.random() < 0.3) for _ in range(500)]
minutes = [2.4 * km + 7 * rush + random.gauss(0, 1) for km, rush in trips]
per_km = extra = 0.0
for _ in range(20):
    for (km, rush), truth in zip(trips, minutes):
        wrong = per_km * km + extra * rush - truth
        per_km -= 0.001 * wrong * km
        extra -= 0.01 * wrong * rush
json.dump({"per_km": per_km, "rush": extra}, open("model.json", "w"))
