# One image for everything: compilers, notebooks, training and serving.
FROM mldocker-lab/python:3.11-devel
WORKDIR /app
COPY . .
RUN pip install -r requirements-train.txt -r requirements-serve.txt -r requirements-dev.txt
RUN python train.py --output /models
EXPOSE 8080
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]
