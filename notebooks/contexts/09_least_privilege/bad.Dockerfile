FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt requirements-dev.txt fetch.py ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt
RUN python fetch.py
COPY app.py .
EXPOSE 8080 8888
CMD ["sh", "-c", "jupyter lab --allow-root --ip=0.0.0.0 --no-browser --IdentityProvider.token='' & \
     exec uvicorn app:app --host 0.0.0.0 --port 8080"]
