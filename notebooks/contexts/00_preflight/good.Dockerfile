# A base with Python and nothing more, and the packages before the code.
FROM mldocker-lab/python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY predict.py .
CMD ["python", "predict.py"]
