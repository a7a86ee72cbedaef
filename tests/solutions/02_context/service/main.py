"""The model behind HTTP."""

from fastapi import FastAPI

from service.model import RULES, urgency

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ready", "rules": len(RULES)}


@app.post("/predict")
def predict(tickets: list[str]):
    return {"urgency": [round(urgency(ticket), 6) for ticket in tickets]}
