"""A model behind HTTP that says what it does, in sentences or in lines of JSON."""

import asyncio
import json
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache

from fastapi import FastAPI


def say(message, **fields):
    if os.environ.get("LOG") == "json":
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"ts": now, "level": "info", "message": message, **fields}))
    else:
        print(message, *fields.values())


@cache
def model():
    """Loaded at the first question: this lesson starts the service often, and mostly to stop it."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("THREADS") or os.cpu_count())
    rows = np.random.default_rng(7).normal(size=(384, 256)).astype("float32")
    return onnxruntime.InferenceSession("model.onnx", options), rows


@asynccontextmanager
async def life(_):
    say("started")
    yield
    say("stopped in order")


app = FastAPI(lifespan=life)


@app.get("/health")
def health():
    return {"status": "ready"}


@app.get("/predict")
def predict(request: str = ""):
    session, rows = model()
    (score,) = session.run(None, {"x": rows})
    say("predicted", request=request)
    return {"score": round(float(score), 6)}


@app.get("/batch")
async def batch(seconds: float):
    say("batch begun")
    await asyncio.sleep(seconds)  # stands for work that takes its time
    say("batch done")
    return {"done": True}
