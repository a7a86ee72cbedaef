"""A model behind HTTP that says what it does, in sentences or in lines of JSON."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import numpy as np
import onnxruntime
from fastapi import FastAPI

ROWS = np.random.default_rng(7).normal(size=(384, 256)).astype("float32")


def say(message, **fields):
    if os.environ.get("LOG") == "json":
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"ts": now, "level": "info", "message": message, **fields}))
    else:
        print(message, *fields.values())


def load():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("THREADS") or os.cpu_count())
    return onnxruntime.InferenceSession("model.onnx", options)


@asynccontextmanager
async def life(_):
    say("started")
    yield
    say("stopped in order")


MODEL = load()
app = FastAPI(lifespan=life)


@app.get("/health")
def health():
    return {"status": "ready"}


@app.get("/predict")
def predict(request: str = ""):
    (score,) = MODEL.run(None, {"x": ROWS})
    say("predicted", request=request)
    return {"score": round(float(score), 6)}


@app.get("/batch")
async def batch(seconds: float):
    say("batch begun")
    await asyncio.sleep(seconds)  # stands for work that takes its time
    say("batch done")
    return {"done": True}
