#!/usr/bin/env python3
"""Writes examples/boards from the published measurements that examples/NOTICE.md names.

make_boards.py DATA [OUT]: DATA holds layer_runtime/layers.csv and fbnet_blocks/fbnet_blocks.csv. Each figure comes from one
row there; what those files do not say and is derived here:
- output types: the format of the next layer that reads a tensor of that size, else the input's;
- a residual input: an addition in the fused layer's name;
- bytes in memory: from sizes, types and the channels that the formats store together;
- layers of FBNet blocks (HW-NAS-Bench): 1x1 expansion, kxk depthwise with the stride, 1x1 projection; with two groups a shuffle
  of channels behind the first; a sum of input and output where the shape is kept. Only a block's sum was measured.
"""
import csv
import math
import pathlib
import re
import sys

WORDS = {"Two": 2, "Four": 4, "Eight": 8, "Sixteen": 16, "Thirty-two": 32}
TYPES = {"fp32": ("fp32", 4), "float": ("fp32", 4), "fp16": ("fp16", 2), "half": ("fp16", 2), "int8": ("int8", 1)}
KINDS = {"CaskConvolution": "convolutional", "CudaDepthwiseConvolution": "convolutional", "FusedConvActConvolution": "convolutional",
         "ConvActPool": "convolutional", "CublasConvolution": "dense", "gemm": "dense", "CaskPooling": "pooling",
         "TiledPooling": "pooling", "CudaPooling": "pooling", "CudnnPooling": "pooling", "Reformat": "reformat", "Shuffle": "reformat",
         "Padding": "reformat", "Slice": "reformat", "CudaSoftMax": "softmax", "kgen": "elementwise", "NoOp": "none", "shape_call": "none"}
COLUMNS = ("network,layer_name,layer_type,kind,cycles,batch_size,input_channels,input_height,input_width,output_channels,"
           "output_height,output_width,kernel_height,kernel_width,stride_height,stride_width,padding_height,padding_width,"
           "dilation_height,dilation_width,groups,input_type,output_type,weight_type,residual,input_alignment,output_alignment,"
           "bytes_in,bytes_out,bytes_weights,activation,tactic,run_time_ms,run_time_sd_ms,power_w,power_sd_w,energy_mj,energy_sd_mj,"
           "idle_power_w,power_basis,status,block,device").split(",")
ENGINES = {  # path of the engine's plan -> board, network
    "examples/pytorch/resnet/A100/fp16/": ("a100", "resnet18_fp16"),
    "examples/pytorch/resnet/A100/fp32/": ("a100", "resnet18_fp32"),
    "examples/pytorch/resnet/A100/qat-residual-qgap/": ("a100", "resnet18_int8_residual_qgap"),
    "examples/pytorch/resnet/A100/qat-residual/": ("a100", "resnet18_int8_residual"),
    "examples/pytorch/resnet/A100/qat/": ("a100", "resnet18_int8"),
    "examples/tensorflow/resnet/RTX-3090/fp16/": ("rtx-3090", "resnet50_fp16"),
    "examples/tensorflow/resnet/RTX-3090/fp32/": ("rtx-3090", "resnet50_fp32"),
    "examples/tensorflow/resnet/RTX-3090/qat/": ("rtx-3090", "resnet50_int8"),
    "tests/inputs/mobilenet.qat": ("titan-rtx", "mobilenet_v2_int8"),
    "tests/inputs/mobilenet_v2_residuals.qat": ("titan-rtx", "mobilenet_v2_int8_residual"),
    "trtexec:alexnet": ("rtx-3060-laptop", "alexnet"),
    "trtexec:resnet18": ("rtx-3060-laptop", "resnet18"),
}


def format_of(text):
    """(type name, bytes, alignment) of a Format/Datatype."""
    found = re.search(r"(?i)\b(fp32|float|fp16|half|int8)\b", text)
    name, size = TYPES[found.group(1).lower()] if found else ("", 2)
    modulo = re.search(r"channel % (\d+)", text)
    if modulo:
        return name, size, int(modulo.group(1))
    wide = re.match(r"([A-Z][a-z-]+) wide channel vectorized", text)
    if wide:
        return name, size, WORDS[wide.group(1)]
    return name, size, 1 if re.match("(Row|Channel) major", text) else None


def padded(channels, alignment):
    return math.ceil(channels / (alignment or 1)) * (alignment or 1)


def number(text):
    return int(text) if text else None


def dims(row, side):
    return [number(row[f"{side}_size_{axis}"]) for axis in range(3)]


def elements(batch, shape, alignment):
    if shape[0] is None:
        return None
    return batch * padded(shape[0], alignment) * (shape[1] or 1) * (shape[2] or 1)


def runtime_rows(source):
    by_engine = {}
    for row in csv.DictReader(source.open()):
        by_engine.setdefault(row["engine"], []).append(row)
    for engine, rows in by_engine.items():
        board, network = next(place for key, place in ENGINES.items() if key in engine)
        for i, row in enumerate(rows):
            batch = number(row["batch_size"]) or 1
            type_in, size_in, align_in = format_of(row["input0_format"])
            shape_in, shape_out = dims(row, "input"), dims(row, "output")
            reader = next((r for r in rows[i + 1:] if dims(r, "input") == shape_out and shape_out[0]), row)
            type_out, size_out, align_out = format_of(reader["input0_format"])
            kind = KINDS[row["layer_type"]]
            weighted = kind in ("convolutional", "dense") and row["kernel_0"] != ""
            out = {"network": network, "layer_name": row["layer_name"], "layer_type": row["layer_type"], "kind": kind,
                   "batch_size": batch, "input_type": type_in, "output_type": type_out, "input_alignment": align_in,
                   "output_alignment": align_out, "run_time_ms": row["median_ms"], "device": row["device"]}
            for side, shape in (("input", shape_in), ("output", shape_out)):
                for name, size in zip(("channels", "height", "width"), shape):
                    out[f"{side}_{name}"] = size
            if row["kernel_0"]:
                out |= {f"{what}_{axis}": row[f"{what}_{i}"] for what in ("kernel", "stride", "padding")
                        for i, axis in enumerate(("height", "width"))}
            bytes_in, bytes_out = elements(batch, shape_in, align_in), elements(batch, shape_out, align_out)
            residual = bool(weighted and re.search(r"(?i)(?<!bias)add", row["layer_name"]))
            if bytes_in is not None:
                out["bytes_in"] = bytes_in * size_in + (bytes_out * size_out if residual else 0)
            if bytes_out is not None:
                out["bytes_out"] = bytes_out * size_out
            if weighted:
                weight, size = TYPES.get(row["weight_type"].lower(), ("", size_in))
                groups = number(row["groups"]) or 1
                out |= {"groups": groups, "weight_type": weight, "residual": int(residual)}
                out["bytes_weights"] = (shape_in[0] // groups * shape_out[0] * int(row["kernel_0"]) * int(row["kernel_1"])) * size
            yield board, network, out


def layer(block, name, kind, shape_in, shape_out, kernel=None, stride=1, groups=1, residual=False):
    out = {"network": "fbnet_blocks", "layer_name": f"{block} {name}", "layer_type": kind, "block": block,
           "kind": {"Conv": "convolutional", "Pool": "pooling", "Gemm": "dense", "Shuffle": "reformat"}[kind], "batch_size": 1,
           "device": "NVIDIA Jetson TX2", "power_basis": "board"}
    for side, shape in (("input", shape_in), ("output", shape_out)):
        for what, size in zip(("channels", "height", "width"), shape):
            out[f"{side}_{what}"] = size
    if kernel:
        pad = kernel - 1 if kind == "Conv" else 0
        out |= {f"{what}_{axis}": value for axis in ("height", "width")
                for what, value in (("kernel", kernel), ("stride", stride), ("padding", pad))}
    if kind == "Conv":
        out |= {"groups": groups, "residual": int(residual)}
    return out


def block_layers(row):
    """Layers of a block; none where it is an identity."""
    name, kind = row["block"], row["kind"]
    cin, cout, stride = int(row["Cin"]), int(row["Cout"]), number(row["stride"]) or 1
    if kind == "FC":
        return [layer(name, "fc", "Gemm", (cin, 1, 1), (cout, 1, 1))]
    h, w, kernel = int(row["H"]), int(row["W"]), number(row["kernel"])
    after = (-(-h // stride), -(-w // stride))
    if kind == "AvgP":
        return [layer(name, "pool", "Pool", (cin, h, w), (cout, 1, 1), kernel, stride)]
    if kind == "ConvNorm":
        return [layer(name, "conv", "Conv", (cin, h, w), (cout, *after), kernel, stride)]
    if kind == "Skip":
        keeps = stride == 1 and cin == cout
        return [] if keeps else [layer(name, "conv", "Conv", (cin, h, w), (cout, *after), 1, stride)]
    group, mid = int(row["group"]), cin * int(row["expansion"])
    layers = [layer(name, "expand", "Conv", (cin, h, w), (mid, h, w), 1, 1, group)]
    if group > 1:
        layers.append(layer(name, "shuffle", "Shuffle", (mid, h, w), (mid, h, w)))
    layers.append(layer(name, "depthwise", "Conv", (mid, h, w), (mid, *after), kernel, stride, mid))
    layers.append(layer(name, "project", "Conv", (mid, *after), (cout, *after), 1, 1, group, stride == 1 and cin == cout))
    return layers


def block_rows(source):
    for row in csv.DictReader(source.open()):
        layers = block_layers(row)
        if layers:  # only the sum was measured: it stands on the first row
            layers[0] |= {"run_time_ms": row["edgegpu_latency_ms"], "energy_mj": row["edgegpu_energy_mJ"],
                          "power_w": row["edgegpu_power_W"]}
        for out in layers:
            yield "jetson-tx2", "fbnet_blocks", out


def main():
    data = pathlib.Path(sys.argv[1])
    to = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "examples/boards"
    tables = {}
    for rows in (runtime_rows(data / "layer_runtime/layers.csv"), block_rows(data / "fbnet_blocks/fbnet_blocks.csv")):
        for board, network, row in rows:
            tables.setdefault((board, network), []).append(row)
    for (board, network), rows in tables.items():
        path = to / board / network / "layers.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"{path}: {len(rows)} layers")


if __name__ == "__main__":
    main()
