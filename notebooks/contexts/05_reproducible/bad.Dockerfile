FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.in .
RUN --mount=type=bind,source=index,target=/index \
    pip install --no-cache-dir --find-links /index -r requirements.in
COPY train.py predict.py ./
RUN python train.py
CMD ["python", "predict.py"]
