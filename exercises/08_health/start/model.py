"""The team's model: how many minutes late will a parcel be? It is not yours to change."""

import json
import os
import time
from pathlib import Path

PATH = Path(os.environ.get("MODEL_PATH", "/models/model.json"))
#: Stands for an accelerator that is lost: while this file is there, no prediction works.
FAULT = Path(os.environ.get("FAULT_FILE", "/tmp/fault"))


class Model:
    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias

    def minutes(self, parcel):
        if FAULT.exists():
            raise RuntimeError(FAULT.read_text().strip())
        return self.bias + sum(w * x for w, x in zip(self.weights, parcel, strict=True))


def load():
    time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))  # in production: up to a minute
    return Model(**json.loads(PATH.read_text()))
