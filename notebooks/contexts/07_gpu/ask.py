"""Ask one library the same question in three ways."""

import os

import numpy as np
import onnxruntime

WANTED = ["CUDAExecutionProvider", "CPUExecutionProvider"]

if os.environ.get("PRELOAD"):  # CUDA came as wheels: they lie where no loader looks
    onnxruntime.preload_dlls()
print("get_available_providers():", *onnxruntime.get_available_providers(), flush=True)
print("get_device():", onnxruntime.get_device(), flush=True)
session = onnxruntime.InferenceSession("model.onnx", providers=WANTED)
answer = session.run(None, {"x": np.ones((1, 4), dtype="float32")})[0]
print("session.get_providers():", *session.get_providers())
print("an answer:", f"{answer.item():.3f}")
