"""Which pumps will fail within the week? The model behind HTTP, with nothing of the training."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI

VERSION = "1.0"
MODEL = onnxruntime.InferenceSession(os.environ.get("MODEL_PATH", "/models/pumps.onnx"))

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ready", "version": VERSION}


@app.post("/predict")
def predict(batch: list[list[float]]):
    _, probabilities = MODEL.run(None, {"X": np.array(batch, dtype="float32")})
    return {"risk": probabilities[:, 1].round(7).tolist()}
