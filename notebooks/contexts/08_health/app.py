"""The model behind HTTP; /live says that the process runs, /ready that it can predict."""

import threading
from contextlib import asynccontextmanager

import numpy as np
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from model import late, load

PARCEL = [[0.0, 0.0, 0.0, 0.0]]
now = {"session": None, "reason": "the model is being loaded"}


def fetch():
    try:
        now["session"] = load()
    except Exception as error:
        now["reason"] = f"the model cannot be loaded: {error}"


@asynccontextmanager
async def lifespan(_):
    threading.Thread(target=fetch, daemon=True).start()
    yield


app = FastAPI(lifespan=lifespan)


def answers(parcels):
    if now["session"] is None:
        raise RuntimeError(now["reason"])
    found = late(now["session"], parcels)
    if not np.isfinite(found).all():
        raise RuntimeError("the model answers with numbers that are not finite")
    return found


def refusal(error):
    return JSONResponse({"status": "not ready", "reason": str(error)}, status_code=503)


@app.get("/live")
async def live():
    return {"status": "alive"}


@app.get("/ready")
def ready():
    try:
        answers(PARCEL)
    except Exception as error:
        return refusal(error)
    return {"status": "ready", "providers": now["session"].get_providers()}


@app.post("/predict")
def predict(parcels: list[list[float]]):
    try:
        return {"late": answers(parcels).tolist()}
    except Exception as error:
        return refusal(error)
