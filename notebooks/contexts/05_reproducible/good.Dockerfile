FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.lock .
RUN --mount=type=bind,source=index,target=/index \
    pip install --no-cache-dir --require-hashes --find-links /index -r requirements.lock && \
    pip check
COPY train.py predict.py ./
RUN python train.py
CMD ["python", "predict.py"]
