"""Learn from vibration which bearings wear out, and write the model down as ONNX."""

import argparse
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier


def fit(data, seed):
    table = np.loadtxt(data, delimiter=",", skiprows=1, dtype="float32")
    features, worn = table[:, :-1], table[:, -1].astype(int)
    model = RandomForestClassifier(n_estimators=30, max_depth=6, random_state=seed)
    return model.fit(features, worn), features


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("data/vibration.csv"))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model, features = fit(args.data, args.seed)
    onnx = to_onnx(model, features[:1], options={"zipmap": False})
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_bytes(onnx.SerializeToString())
    print(f"trained on {len(features)} readings")
