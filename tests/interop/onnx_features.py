"""Features of layers from ONNX models against those from engines of the same networks: onnx_features.py FEATURES_DUMP ENGINES.

Pairs layers of equal kind (convolutions and dense layers are one), window, input and output. Where the tensors' formats are equal too, all features have to be; where
an engine chose other formats, the table says which features differ. Ends with 1 if a pair of equal formats differs.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

from onnx_networks import recordings, trimmed

DUMP, ENGINES = sys.argv[1], pathlib.Path(sys.argv[2])


def layers_of(*words):
    found = json.loads(subprocess.run([DUMP, *words], capture_output=True, text=True, check=True).stdout)
    if isinstance(found, dict):
        sys.exit(found["error"])
    return found


def key_of(layer):
    """One convolution may run by either kernel, so that its kind is no part of it; a window of 1 x 1 may go unsaid."""
    kind = "product" if layer["kind"] in ("convolutional", "dense") else layer["kind"]
    return kind, tuple(max(size, 1) for size in layer["window"]), trimmed(layer["input"]), trimmed(layer["output"]), layer["residual"]


def differing(ours, theirs):
    near = lambda a, b: abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    return [name for name, value in ours["features"].items() if not near(value, theirs["features"][name])]


def compare(path, name, engine, model):
    """Prints a line; returns (pairs, pairs of equal formats whose features differ)."""
    theirs = collections.defaultdict(list)
    for layer in engine:
        theirs[key_of(layer)].append(layer)
    pairs = equal = 0
    wrong, reasons = [], collections.Counter()
    for ours in model:
        if not theirs[key_of(ours)]:
            continue
        twin = theirs[key_of(ours)].pop(0)
        names = differing(ours, twin)
        pairs += 1
        equal += not names
        if names and ours["formats"] == twin["formats"]:
            wrong.append(f"{twin['name']}: {', '.join(names)}")
        elif names:
            reasons[f"{ours['kind']}: {', '.join(names)}"] += 1
    told = "; ".join(f"{reason} ({times})" for reason, times in reasons.items()) or "-"
    print(f"| {path.parent.name} | {name} | {len(engine)} | {pairs} | {equal} | {told} |")
    for line in wrong:
        print("equal formats, other features:", line)
    return pairs, len(wrong)


if not ENGINES.is_dir():
    print("no engines to compare with:", ENGINES)
    sys.exit(77)
print("| engine | network | layers with time | pairs | equal in all features | other formats: what differs (layers) |")
print("|---|---|---|---|---|---|")
folder = pathlib.Path(tempfile.mkdtemp())
compared = [compare(path, name, layers_of(path), layers_of(model, precision))
            for path, model, name, precision in recordings(ENGINES, folder)]
pairs, wrong = (sum(column) for column in zip(*compared))
print(f"{pairs} pairs, {wrong} of equal formats differ")
sys.exit(1 if wrong or not pairs else 0)
