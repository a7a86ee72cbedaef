FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY model.onnx fetch.py app.py ./
ENV PYTHONUNBUFFERED=1 LOG=json THREADS=1 ORT_DISABLE_TELEMETRY=1
CMD ["sh", "-c", "python fetch.py && exec uvicorn app:app --host 0.0.0.0 --port 8080 --no-access-log"]
