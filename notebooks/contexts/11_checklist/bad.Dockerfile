FROM mldocker-lab/python:3.11-slim AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt

FROM mldocker-lab/python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 MODEL_PATH=/models/pumps.onnx \
    NVIDIA_REQUIRE_CUDA="cuda>=12.2"
WORKDIR /app
COPY --from=packages /venv /venv
COPY ticked.py .
USER 10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/ready', timeout=4)"]
CMD uvicorn ticked:app --host 0.0.0.0 --port 8080 --log-level critical; echo stopped
