"""The model behind HTTP, with ONNX Runtime and nothing of the training."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI

MODEL = onnxruntime.InferenceSession(os.environ.get("MODEL_PATH", "/models/model.onnx"))
app = FastAPI()


@app.get("/health")
def health():
    MODEL.run(None, {"X": np.zeros((1, 13), dtype="float32")})
    return {"status": "ready"}


@app.post("/predict")
def predict(batch: list[list[float]]):
    _, probabilities = MODEL.run(None, {"X": np.array(batch, dtype="float32")})
    return {"probabilities": probabilities.round(6).tolist()}
