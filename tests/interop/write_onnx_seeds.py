"""Writes the small ONNX models that tests and the fuzzer start from: write_onnx_seeds.py FOLDER (needs the onnx package)."""
import pathlib
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
folder = pathlib.Path(sys.argv[1])


def tensor(name, *shape):
    """Weights without elements: only their shape is needed."""
    return TensorProto(name=name, dims=shape, data_type=FLOAT)


def whole(name, *values):
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def write(name, nodes, inputs, outputs, tensors=(), opset=17):
    nodes = [helper.make_node(op, reads, makes, name=f"{op}{i}", **more) for i, (op, reads, makes, more) in enumerate(nodes)]
    values = [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs]
    results = [helper.make_tensor_value_info(n, FLOAT, s) for n, s in outputs]
    graph = helper.make_graph(nodes, name, values, results, list(tensors))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


same = {"pads": [1, 1, 1, 1]}
write("residual_block",
      [("Conv", ["x", "a"], ["c"], same), ("BatchNormalization", ["c", *"sbmv"], ["n"], {}), ("Relu", ["n"], ["r"], {}),
       ("Conv", ["r", "d"], ["e"], same), ("Add", ["e", "x"], ["f"], {}), ("Relu", ["f"], ["y"], {})],
      [("x", ["N", 8, 16, 16])], [("y", None)], [tensor("a", 8, 8, 3, 3), tensor("d", 8, 8, 3, 3), *(tensor(n, 8) for n in "sbmv")])
write("classifier",
      [("GlobalAveragePool", ["x"], ["p"], {}), ("Shape", ["p"], ["s"], {}), ("Gather", ["s", "zero"], ["n"], {}),
       ("Unsqueeze", ["n", "axis"], ["u"], {}), ("Concat", ["u", "minus"], ["t"], {"axis": 0}),
       ("Reshape", ["p", "t"], ["f"], {}), ("Gemm", ["f", "w", "b"], ["g"], {"transB": 1}), ("Softmax", ["g"], ["y"], {})],
      [("x", [2, 16, 7, 7])], [("y", [2, 10])],
      [numpy_helper.from_array(np.int64(0), "zero"), whole("axis", 0), whole("minus", -1), tensor("w", 10, 16), tensor("b", 10)])
write("shuffle_unit",
      [("Reshape", ["x", "five"], ["a"], {}), ("Transpose", ["a"], ["b"], {"perm": [0, 2, 1, 3, 4]}),
       ("Reshape", ["b", "four"], ["c"], {}), ("Split", ["c"], ["l", "r"], {"axis": 1}), ("Sigmoid", ["r"], ["g"], {}),
       ("Mul", ["r", "g"], ["m"], {}), ("Concat", ["l", "m"], ["y"], {"axis": 1})],
      [("x", [1, 16, 7, 7])], [("y", None)], [whole("five", 1, 2, 8, 7, 7), whole("four", 1, 16, 7, 7)], opset=13)
write("detector",
      [("Conv", ["x", "w"], ["c"], {"strides": [2, 2]}), ("Resize", ["c", "", "scales"], ["u"], {"mode": "nearest"}),
       ("MaxPool", ["u"], ["p"], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
       ("Slice", ["p", "from", "to", "axes"], ["q"], {}), ("Pad", ["q", "pads"], ["r"], {}),
       ("ReduceMean", ["r"], ["y"], {"axes": [2, 3], "keepdims": 0})],
      [("x", [1, 3, 33, 33])], [("y", None)],
      [tensor("w", 8, 3, 3, 3), numpy_helper.from_array(np.array([1, 1, 2, 2], dtype=np.float32), "scales"), whole("from", 1),
       whole("to", 2**62), whole("axes", 2), whole("pads", 0, 0, 1, 1, 0, 0, 1, 1)])
