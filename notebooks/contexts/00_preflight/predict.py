"""The smallest model there is: a weighted sum."""

import numpy as np

WEIGHTS = np.array([0.2, 0.3, 0.5])
print("prediction:", round(float(WEIGHTS @ np.array([1.0, 2.0, 3.0])), 3))
