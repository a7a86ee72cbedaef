FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ENV ORT_DISABLE_TELEMETRY=1
COPY model.onnx /models/
COPY model.py app.py probe.py ./
HEALTHCHECK --interval=1s --timeout=10s --retries=3 --start-period=60s \
    CMD ["python", "probe.py"]
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
