"""The model. Big ones take a while to load, and any may break while it runs."""

import os
import time
from pathlib import Path

import numpy as np
import onnxruntime

PATH = os.environ.get("MODEL_PATH", "/models/model.onnx")
PROVIDERS = os.environ.get("PROVIDERS", "CPUExecutionProvider").split(",")
FAULT = Path("/tmp/fault")  # stands for a GPU that is gone: while it is there, nothing works


def load():
    time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))  # stands for gigabytes
    return onnxruntime.InferenceSession(PATH, providers=PROVIDERS)


def late(session, parcels):
    if FAULT.exists():
        raise RuntimeError(FAULT.read_text().strip())
    return session.run(None, {"x": np.array(parcels, dtype="float32")})[0][:, 0]
