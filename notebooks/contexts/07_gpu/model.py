"""The model; it asks for CUDA first."""

import numpy as np
import onnxruntime

WANTED = ["CUDAExecutionProvider", "CPUExecutionProvider"]
session = onnxruntime.InferenceSession("model.onnx", providers=WANTED)


def crack(pictures):
    return session.run(None, {"x": np.array(pictures, dtype="float32")})[0][:, 0].tolist()
