"""Fit a random forest on the wine data and write it down twice: for scikit-learn and as ONNX."""

import argparse
from pathlib import Path

import joblib
from skl2onnx import to_onnx
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--output", type=Path, required=True)
folder = parser.parse_args().output
folder.mkdir(parents=True, exist_ok=True)

features, labels = load_wine(return_X_y=True)
features = features.astype("float32")
forest = RandomForestClassifier(n_estimators=50, random_state=0).fit(features, labels)

joblib.dump(forest, folder / "forest.joblib")
onnx = to_onnx(forest, features[:1], options={"zipmap": False})
(folder / "model.onnx").write_bytes(onnx.SerializeToString())
print(f"trained on {len(features)} wines, accuracy {forest.score(features, labels):.3f}")
