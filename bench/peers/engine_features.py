"""Features of an engine's layers as the reference takes them (docs/compatibility.md)."""
import json
import math

SIZES = [f"{side}_size_{axis}" for side in ("input", "output") for axis in range(3)]
POOLING = ["batch_size", *SIZES, "kernel_0", "kernel_1", "stride_0", "stride_1"]
CONVOLUTIONAL = POOLING[:9] + ["padding_0", "padding_1", "stride_0", "stride_1"]
DENSE = ["batch_size", "input_size", "output_size"]
KINDS = {"CaskConvolution": "convolutional", "CaskPooling": "pooling", "CaskGemmConvolution": "dense"}
COLUMNS = {"convolutional": CONVOLUTIONAL, "pooling": POOLING, "dense": DENSE}


def features(layer):
    """Kind and values of a layer, or None for a type that has no model."""
    kind = KINDS.get(layer["LayerType"])
    if kind is None:
        return None
    inputs, outputs = layer["Inputs"][0]["Dimensions"], layer["Outputs"][0]["Dimensions"]
    if kind == "dense":
        return kind, [inputs[0], math.prod(inputs), math.prod(outputs)]
    values = [*inputs, *outputs[1:], *layer.get("Kernel", inputs[2:])]
    if kind == "convolutional":
        values += [a + b for a, b in zip(layer["PrePadding"], layer["PostPadding"])]
    return kind, values + layer["Stride"]


def read_engine(path):
    """Layers by name; of a repeated name the last counts."""
    with open(path) as file:
        return {layer["Name"]: layer for layer in json.load(file)["Layers"]}
