FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY fetch.py .
RUN python fetch.py
RUN useradd -m -s /bin/bash mluser && chown -R mluser /app
USER mluser
