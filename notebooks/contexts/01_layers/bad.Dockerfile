FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY fetch.py half.py ./
RUN python fetch.py
RUN cp checkpoints/epoch-3.bin model.bin
RUN rm -rf checkpoints
RUN python half.py
RUN chmod 640 model.bin
RUN useradd --uid 10001 --no-create-home service && chown -R service /app
COPY predict.py .
USER service
CMD ["python", "predict.py"]
