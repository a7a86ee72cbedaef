"""How model.onnx was made: weights, a bias, a sigmoid. Needs the package onnx; no image does."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

WEIGHTS = np.array([[0.9], [-0.4], [0.7], [0.2]], dtype="float32")
BIAS = np.array([-0.6], dtype="float32")

graph = helper.make_graph(
    [
        helper.make_node("MatMul", ["x", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["score"]),
        helper.make_node("Sigmoid", ["score"], ["crack"]),
    ],
    "crack",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
    [helper.make_tensor_value_info("crack", TensorProto.FLOAT, [None, 1])],
    [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(BIAS, "bias")],
)
save(
    helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
    "model.onnx",
)
