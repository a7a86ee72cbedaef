"""Learn from readings which pumps will fail, and write the model down as ONNX."""

import argparse
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def fit(data):
    table = np.loadtxt(data, delimiter=",", skiprows=1, dtype="float32")
    features, failed = table[:, :-1], table[:, -1].astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(features, failed)
    return model, features


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("data/readings.csv"))
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    model, features = fit(args.data)
    onnx = to_onnx(model, features[:1], options={"zipmap": False})
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_bytes(onnx.SerializeToString())
    print(f"trained on {len(features)} readings")
