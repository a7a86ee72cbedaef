FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ENV ORT_DISABLE_TELEMETRY=1
COPY model.onnx /models/
COPY model.py naive.py ./
HEALTHCHECK --interval=1s --timeout=10s --retries=3 \
    CMD curl -f http://localhost:8080/health || exit 1
CMD ["uvicorn", "naive:app", "--host", "0.0.0.0", "--port", "8080"]
