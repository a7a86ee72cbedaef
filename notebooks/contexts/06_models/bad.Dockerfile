FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
ENV MODEL_FILE=/app/weights.npy
EXPOSE 8080
CMD ["python", "app.py"]
