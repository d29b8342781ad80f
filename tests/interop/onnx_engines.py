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

from onnx_networks import recordings, trimmed

DUMP, ENGINES = sys.argv[1], pathlib.Path(sys.argv[2])
FAMILY = {"CaskConvolution": "convolution", "CaskGemmConvolution": "gemm", "gemm": "gemm", "CublasConvolution": "gemm",
          "CaskPooling": "pooling", "CudaPooling": "pooling", "CudnnPooling": "pooling", "Reformat": "move", "Shuffle": "move",
          "Padding": "move", "kgen": "pointwise", "CudaSoftMax": "softmax", "NoOp": None, "shape_call": None}


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
for path, model, name, precision in recordings(ENGINES, folder):
    found = json.loads(subprocess.run([DUMP, model, precision], capture_output=True, text=True, check=True).stdout)
    if "error" in found:
        sys.exit(found["error"])
    bad += compare(name, path, found)
sys.exit(1 if bad else 0)
