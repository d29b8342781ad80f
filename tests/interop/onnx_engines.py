"""Our fused layers of ONNX models against real engines of the same networks: onnx_engines.py ONNX_DUMP ENGINES.

Writes AlexNet, ResNet-18 and ResNet-50 as torchvision exports them (batch norm folded, as torch.onnx.export does), reads them
with joulecast and prints a table: how many layers of the engine that take time have an equal of ours (same input, output,
second input), and which have none. Ends with 1 where a product or pooling of an engine is without one.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import onnx
from onnx import TensorProto, helper

DUMP, ENGINES = sys.argv[1], pathlib.Path(sys.argv[2])
FAMILY = {"CaskConvolution": "convolution", "CaskGemmConvolution": "gemm", "gemm": "gemm", "CublasConvolution": "gemm",
          "CaskPooling": "pooling", "CudaPooling": "pooling", "CudnnPooling": "pooling", "Reformat": "move", "Shuffle": "move",
          "Padding": "move", "kgen": "pointwise", "CudaSoftMax": "softmax", "NoOp": None, "shape_call": None}


class Net:
    def __init__(self):
        self.nodes, self.tensors = [], []

    def weights(self, *shape):
        name = f"w{len(self.tensors)}"
        self.tensors.append(TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT))
        return name

    def node(self, op, *inputs, **attributes):
        result = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [result], name=f"{op}_{len(self.nodes)}", **attributes))
        return result

    def conv(self, x, cin, cout, kernel, stride=1, pad=None):
        pad = kernel // 2 if pad is None else pad
        return self.node("Conv", x, self.weights(cout, cin, kernel, kernel), self.weights(cout), strides=[stride] * 2,
                         pads=[pad] * 4)

    def relu(self, x):
        return self.node("Relu", x)

    def pool(self, x, kernel, stride, pad=0):
        return self.node("MaxPool", x, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, x, cin, cout):
        return self.node("Gemm", x, self.weights(cout, cin), self.weights(cout), transB=1)

    def save(self, path, y, batch):
        x = helper.make_tensor_value_info("input", TensorProto.FLOAT16, [batch, 3, 224, 224])
        out = helper.make_tensor_value_info(y, TensorProto.FLOAT16, None)
        graph = helper.make_graph(self.nodes, "g", [x], [out], self.tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def alexnet():
    n = Net()
    x = n.relu(n.conv("input", 3, 64, 11, 4, 2))
    x = n.relu(n.conv(n.pool(x, 3, 2), 64, 192, 5))
    x = n.relu(n.conv(n.pool(x, 3, 2), 192, 384, 3))
    x = n.relu(n.conv(x, 384, 256, 3))
    x = n.pool(n.relu(n.conv(x, 256, 256, 3)), 3, 2)
    x = n.node("Flatten", n.node("AveragePool", x, kernel_shape=[1, 1], strides=[1, 1]))
    x = n.relu(n.dense(x, 9216, 4096))
    return n, n.dense(n.relu(n.dense(x, 4096, 4096)), 4096, 1000)


def resnet18():
    n = Net()
    x = n.pool(n.relu(n.conv("input", 3, 64, 7, 2)), 3, 2, 1)
    channels = 64
    for width in (64, 128, 256, 512):
        for block in range(2):
            stride = 2 if block == 0 and width > 64 else 1
            y = n.conv(n.relu(n.conv(x, channels, width, 3, stride)), width, width, 3)
            skip = n.conv(x, channels, width, 1, stride) if stride == 2 else x
            x, channels = n.relu(n.node("Add", y, skip)), width
    return n, n.dense(n.node("Flatten", n.node("GlobalAveragePool", x)), 512, 1000)


def resnet50():
    """As Keras exports it: the stride is in the first 1x1 convolution, and padding a node of its own before the pooling."""
    n = Net()
    x = n.relu(n.conv("input", 3, 64, 7, 2))
    x = n.node("Pad", x, n.shape([0, 0, 1, 1, 0, 0, 1, 1]))
    x = n.pool(x, 3, 2)
    channels = 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            stride = 2 if block == 0 and width > 64 else 1
            y = n.relu(n.conv(x, channels, width, 1, stride, 0))
            y = n.conv(n.relu(n.conv(y, width, width, 3)), width, 4 * width, 1)
            skip = n.conv(x, channels, 4 * width, 1, stride, 0) if block == 0 else x
            x, channels = n.relu(n.node("Add", y, skip)), 4 * width
    x = n.node("Flatten", n.node("GlobalAveragePool", x))
    return n, n.node("Softmax", n.dense(x, 2048, 1000))


def shape_constant(self, values):
    name = f"s{len(self.tensors)}"
    self.tensors.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
    return name


Net.shape = shape_constant


def trimmed(dims):
    while len(dims) > 2 and dims[-1] == 1:
        dims = dims[:-1]
    return tuple(dims)


def layers_of_engine(path):
    for layer in json.loads(path.read_text())["Layers"]:
        kind = FAMILY[layer["LayerType"]]
        if kind is None:
            continue
        ins = [t["Dimensions"] for t in layer["Inputs"]]
        residual = kind in ("convolution", "gemm") and len(ins) > 1 and layer["LayerType"] != "gemm"
        yield kind, trimmed(ins[0]), trimmed(layer["Outputs"][0]["Dimensions"]), residual


def layers_of_ours(found):
    for name, kind, _, ins, outs, _ in found["layers"]:
        family = FAMILY.get(kind, kind)
        if family is not None:
            yield family, trimmed(ins[0][0]), trimmed(outs[0][0]), family in ("convolution", "gemm") and len(ins) > 1


def short(counter):
    return "; ".join(f"{k[0]} {'x'.join(map(str, k[1]))} -> {'x'.join(map(str, k[2]))}{' + residual' if k[3] else ''}"
                     + (f" ({n} times)" if n > 1 else "") for k, n in counter.items()) or "-"


def compare(name, path, found):
    engine = collections.Counter(layers_of_engine(path))
    ours = collections.Counter(layers_of_ours(found))
    same = engine & ours
    missing, extra = engine - same, ours - same
    # A product by another kernel: convolution or gemm.
    kernels = collections.Counter()
    for key in list(missing):
        twin = ("gemm" if key[0] == "convolution" else "convolution", *key[1:])
        times = min(missing[key], extra[twin])
        if key[0] in ("convolution", "gemm") and times:
            kernels[key] = times
            missing[key] -= times
            extra[twin] -= times
    missing, extra = +missing, +extra
    # A sum of two convolutions, taken in by the one or the other.
    turned = 0
    for key in list(missing):
        twin = (*key[:3], not key[3])
        times = min(missing[key], extra[twin])
        if key[0] in ("convolution", "gemm") and times:
            turned += times
            missing[key] -= times
            extra[twin] -= times
    missing, extra = +missing, +extra
    print(f"| {path.parent.name} | {name} | {engine.total()} | {same.total()} | {kernels.total()} | {turned} | {short(missing)} | {short(extra)} |")
    work = [k for k in missing if k[0] in ("convolution", "gemm", "pooling")]
    return len(work)


if not ENGINES.is_dir():
    print("no engines to compare with:", ENGINES)
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp())
print("| engine | network | layers with time | equal | equal but for convolution / gemm | equal but for who adds the residual | only in the engine | only in ours |")
print("|---|---|---|---|---|---|---|---|")
bad = 0
for path in sorted([*ENGINES.glob("*/*info.json"), *ENGINES.glob("*/*graph.json")]):
    batch = 32 if "trex" in path.parent.name else 1
    name = "alexnet" if "alexnet" in path.parent.name else "resnet50" if "rtx3090" in path.parent.name else "resnet18"
    net, y = {"alexnet": alexnet, "resnet18": resnet18, "resnet50": resnet50}[name]()
    model = folder / f"{name}.onnx"
    net.save(model, y, batch)
    precision = "fp32" if "onnx_trt" in path.parent.name else "fp16"
    found = json.loads(subprocess.run([DUMP, model, precision], capture_output=True, text=True, check=True).stdout)
    if "error" in found:
        sys.exit(found["error"])
    bad += compare(name, path, found)
sys.exit(1 if bad else 0)
