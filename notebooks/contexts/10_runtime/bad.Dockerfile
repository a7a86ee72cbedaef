FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY model.onnx fetch.py app.py ./
CMD ["sh", "-c", "python fetch.py && uvicorn app:app --host 0.0.0.0 --port 8080 --no-access-log"]
