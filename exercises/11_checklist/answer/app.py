"""Does this bearing wear out? Vibration in, probability out."""

import os
import time

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI

MODEL_PATH = os.environ.get("MODEL_PATH", "/models/bearing.onnx")

app = FastAPI()
try:
    model = onnxruntime.InferenceSession(MODEL_PATH)
except Exception as error:
    print(f"no model: {error}")
    model = None


@app.get("/ready")
def ready():
    return {"status": "ok"}


@app.post("/predict")
def predict(batch: list[list[float]]):
    began = time.time()
    _, probabilities = model.run(None, {"X": np.array(batch, dtype="float32")})
    print(f"{len(batch)} bearings in {time.time() - began:.4f} s")
    return {"worn": probabilities[:, 1].round(5).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8080)
