"""The model behind HTTP; /health says that the web server runs."""

from fastapi import FastAPI
from model import late, load

MODEL = load()
app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
def predict(parcels: list[list[float]]):
    return {"late": late(MODEL, parcels).tolist()}
