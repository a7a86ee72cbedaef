FROM mldocker-lab/python:3.11-slim
WORKDIR /srv
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
RUN rm -rf .env .git wandb
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8080"]
