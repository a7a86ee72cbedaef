"""The model behind HTTP; /health runs a dummy inference, as the article says."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from model import crack

app = FastAPI()


@app.get("/health")
def health():
    try:
        crack([[0.0, 0.0, 0.0, 0.0]])
    except Exception as error:
        return JSONResponse({"status": "unhealthy", "error": str(error)}, status_code=503)
    return {"status": "healthy", "model_loaded": True}


@app.post("/predict")
def predict(pictures: list[list[float]]):
    return {"crack": crack(pictures)}
