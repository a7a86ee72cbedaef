# Stage 1: what training needs. It is never shipped.
FROM mldocker-lab/python:3.11-slim AS trainer
WORKDIR /train
COPY requirements-train.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements-train.txt
COPY train.py ask_forest.py ./
RUN python train.py --output /models

# Stage 2: what serving needs, and the one file that training was for.
FROM mldocker-lab/python:3.11-slim AS server
WORKDIR /app
RUN useradd --uid 10001 --no-create-home service
COPY requirements-serve.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements-serve.txt
COPY --from=trainer /models/model.onnx /models/model.onnx
COPY app.py .
ENV ORT_DISABLE_TELEMETRY=1
USER service
EXPOSE 8080
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
