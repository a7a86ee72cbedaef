FROM mldocker-lab/python:3.11-slim
RUN useradd --uid 10001 --no-create-home service
WORKDIR /app
COPY fetch.py half.py ./
RUN python fetch.py && \
    mv checkpoints/epoch-3.bin model.bin && \
    rm -r checkpoints && \
    python half.py
COPY predict.py .
USER service
CMD ["python", "predict.py"]
