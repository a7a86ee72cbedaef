FROM mldocker-lab/python:3.11-slim
WORKDIR /app

# Changes a few times a year.
COPY requirements-base.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements-base.txt

# Changes every few weeks.
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt

# Changes many times a day.
COPY app.py model.json ./
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
