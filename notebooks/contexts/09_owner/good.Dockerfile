FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY fetch.py .
RUN python fetch.py
USER 10001:10001
