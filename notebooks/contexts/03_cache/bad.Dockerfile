FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements-base.txt -r requirements.txt
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
