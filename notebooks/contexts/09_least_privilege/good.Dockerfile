FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt fetch.py ./
RUN pip install --no-cache-dir -r requirements.txt
RUN python fetch.py
COPY app.py .

# Whoever runs this, caches go where everybody may write.
ENV HOME=/tmp PYTHONNOUSERSITE=1
USER 10001:10001
EXPOSE 8080
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
