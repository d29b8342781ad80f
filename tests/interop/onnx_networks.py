"""Networks of recorded engines, as ONNX models without weights."""
import onnx
from onnx import TensorProto, helper


class Net:
    def __init__(self):
        self.nodes, self.tensors = [], []

    def weights(self, *shape):
        name = f"w{len(self.tensors)}"
        self.tensors.append(TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT))
        return name

    def shape(self, values):
        name = f"s{len(self.tensors)}"
        self.tensors.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
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


def recordings(engines, folder):
    """(description of an engine, the same network as an ONNX file in `folder`, its name, the engine's precision) of each one."""
    for path in sorted([*engines.glob("*/*info.json"), *engines.glob("*/*graph.json")]):
        name = "alexnet" if "alexnet" in path.parent.name else "resnet50" if "rtx3090" in path.parent.name else "resnet18"
        net, y = {"alexnet": alexnet, "resnet18": resnet18, "resnet50": resnet50}[name]()
        model = folder / f"{name}.onnx"
        net.save(model, y, 32 if "trex" in path.parent.name else 1)
        yield path, model, name, "fp32" if "onnx_trt" in path.parent.name else "fp16"


def trimmed(dims):
    """Without trailing ones of more than two dimensions: n x c and n x c x 1 x 1 are one shape."""
    while len(dims) > 2 and dims[-1] == 1:
        dims = dims[:-1]
    return tuple(dims)
