"""Which pumps will fail within the week? It says what it can do, and what it did."""

import json
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, Response

app = FastAPI()
try:
    model = onnxruntime.InferenceSession(os.environ["MODEL_PATH"])
except Exception as error:
    print(json.dumps({"level": "error", "why": str(error)}))
    model = None


def risk(batch):
    return model.run(None, {"X": np.array(batch, dtype="float32")})[1][:, 1]


@app.get("/ready")
def ready(response: Response):
    try:
        risk(np.zeros((1, 4)))
    except Exception as error:
        response.status_code = 503
        return {"status": "cannot predict", "why": str(error)}
    return {"status": "ready", "provider": model.get_providers()[0]}


@app.post("/predict")
def predict(batch: list[list[float]]):
    told = risk(batch).round(5).tolist()
    print(json.dumps({"level": "info", "pumps": len(told)}))
    return {"risk": told}
