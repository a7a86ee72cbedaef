"""What scikit-learn itself answers: a JSON batch as the argument, probabilities as JSON out."""

import json
import sys

import joblib
import numpy as np

forest = joblib.load("/models/forest.joblib")
batch = np.array(json.loads(sys.argv[1]), dtype="float32")
print(json.dumps(forest.predict_proba(batch).round(6).tolist()))
