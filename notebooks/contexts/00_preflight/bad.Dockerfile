# A base with compilers nobody needs, and the code copied before the packages.
FROM mldocker-lab/python:3.11-devel
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "predict.py"]
