"""Stands for the download of a model before the service starts; here it is in the image already."""

from pathlib import Path

Path("model.onnx").read_bytes()
