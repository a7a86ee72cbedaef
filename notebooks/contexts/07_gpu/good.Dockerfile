FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ENV ORT_DISABLE_TELEMETRY=1 REQUIRE_GPU=1
COPY model.onnx model.py app.py ./
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
