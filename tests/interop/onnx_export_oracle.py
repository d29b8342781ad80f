"""Models that joulecast exports, run by onnxruntime: onnx_export_oracle.py PROGRAM ONNX_EXPORT_DUMP SOURCE [SEED].

The six lassos of the reference's recipes and physical models of measured boards are trained, exported, checked by the
ONNX library, and compared with joulecast's own figures on random rows, rows far outside of the training, rows of zeros
and of tiny values, one by one and all at once.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

# Of the value; where terms cancel, rounding is as large as the terms are: of the sum of their sizes.
OF_VALUE, OF_TERMS = 1e-12, 1e-14


def run(*words, text=None):
    return subprocess.run([*map(str, words)], input=text, capture_output=True, text=True, check=True).stdout


def training_data(program, source, scratch):
    golden = source.parent / "shared" / "golden" / "training_data"
    if not golden.exists():
        run(program, "simulate", "--out", scratch / "raw_data", "--truth", scratch / "truth", "--scenario", "demo", "--networks",
            "lenet,alexnet,resnet18,squeezenet1_0,vgg11,vgg16,googlenet,mobilenet_v2", "--cycles", "200", "--quiet")
        run(program, "dataset", scratch / "raw_data", "--out", scratch, "--method", "window", "--quiet")
        golden = scratch / "training_data"
    yield "six lassos", golden, "lasso"
    yield "auto", golden, "auto"
    yield "of scikit-learn", source / "tests" / "data" / "sklearn" / "trained_models", "import"
    for board in sorted((source / "examples" / "boards").iterdir()):
        yield board.name, board, "auto"


def lasso_rows(model, random):
    """Imported models do not say what they were trained on."""
    low = np.array(model["feature_min"] or [1.0] * len(model["features"]))
    high = np.array(model["feature_max"] or [256.0] * len(model["features"]))
    inside = np.exp(random.uniform(np.log1p(low), np.log1p(high), (400, len(low)))) - 1.0
    outside = inside[:100] * random.uniform(0.0, 4.0, (100, len(low)))
    tiny = 10.0 ** random.uniform(-20, 0, (100, len(low)))
    mixed = np.where(random.random((100, len(low))) < 0.5, inside[:100], tiny)
    return np.vstack([low, high, np.round(inside), inside, outside, tiny, mixed, np.zeros((1, len(low)))])


def terms_of(program, models, training, scratch):
    """Names and rows of the layers trained on, and joulecast's figures for them."""
    names, rows, figures = None, [], []
    for table in sorted(training.rglob("layers.csv")):
        run(program, "predict", table, "--models", models, "--terms", scratch / "terms.csv", "--out", scratch / "out.csv", "--quiet")
        header, *lines = csv.reader(open(scratch / "terms.csv"))
        predicted = list(csv.DictReader(open(scratch / "out.csv")))
        assert len(lines) == len(predicted), table
        names = header[3:]
        for line, row in zip(lines, predicted):
            if "" not in line[3:]:
                rows.append([float(x) for x in line[3:]])
                figures.append(row)
    return names, np.array(rows), figures


def physical_rows(inputs, names, rows, random):
    own = rows[:, [names.index(name) for name in inputs]]
    moved = own[random.integers(0, len(own), 400)] * np.exp(random.normal(0, 1, (400, len(inputs))))
    is_size = np.array([name.startswith("log_") for name in inputs])
    moved[:, is_size] += random.normal(0, 1, (400, int(is_size.sum())))
    return np.vstack([own, moved, 100.0 * own[:50], 1e-9 * own[:50], np.zeros((1, len(inputs)))])


def infer(session, inputs, rows):
    answer = session.run(None, {name: np.ascontiguousarray(rows[:, [j]]) for j, name in enumerate(inputs)})
    assert len(answer) == 1 and answer[0].dtype == np.float64 and answer[0].shape == (len(rows),), answer
    return answer[0]


def session_of(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    opsets = [(o.domain, o.version) for o in model.opset_import]
    assert opsets == [("", 17)] and model.ir_version == 8, opsets
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for given in [*session.get_inputs()]:
        assert given.type == "tensor(double)" and given.shape == ["N", 1], given
    return session, [given.name for given in session.get_inputs()]


def compare(name, got, answer, rows):
    """Largest differences, of the value and of the sum of its terms' sizes."""
    expected, sizes = np.array(answer.split(), dtype=float).reshape(len(rows), 2).T
    difference = np.abs(got - expected)
    allowed = np.maximum(OF_VALUE * np.abs(expected), OF_TERMS * sizes)
    assert np.all(difference <= allowed), (name, float((difference / np.maximum(allowed, 1e-300)).max()), rows[np.argmax(difference - allowed)])
    whole = np.abs(expected) > 1e-2 * sizes  # rows without much cancellation
    of_value = (difference[whole] / np.maximum(np.abs(expected[whole]), 1e-300)).max(initial=0.0)
    return of_value, (difference / np.maximum(sizes, 1e-300)).max()


def check_board(program, dump, what, training, estimator, random, scratch):
    models = scratch / "models"
    if estimator == "import":
        run(program, "models", "import", training, "--out", models, "--quiet")
    else:
        run(program, "train", training, "--out", models, "--estimator", estimator, "--quiet")
    written = json.loads((models / "model.json").read_text())
    lassos = {f"{m['kind']}_{m['target']}{'_relative' if m['recipe'].get('relative') else ''}_model": m for m in written["models"]}
    names, layer_rows, figures = terms_of(program, models, training, scratch) if written.get("physical") else (None, None, None)
    run(dump, models / "model.json", scratch, text="")
    for path in sorted(scratch.glob("*.onnx")):
        name = path.stem
        session, inputs = session_of(path)
        assert estimator == "import" or path.read_bytes() == (models / name / "model.onnx").read_bytes(), f"{name}: train writes another file"
        rows = lasso_rows(lassos[name], random) if name in lassos else physical_rows(inputs, names, layer_rows, random)
        (scratch / "rows").write_text("\n".join(" ".join(map(repr, map(float, row))) for row in rows) + "\n")
        answer = run(dump, models / "model.json", scratch, text=f"{name} {scratch / 'rows'}\n")
        got = infer(session, inputs, rows)
        of_value, of_terms = compare(name, got, answer, rows)
        for i in (0, len(rows) // 2, len(rows) - 1):
            alone = infer(session, inputs, rows[i:i + 1])[0]
            assert abs(alone - got[i]) <= 1e-12 * abs(got[i]), f"{name}: row {i} alone gives {alone}, not {got[i]}"
        if name == "physical_run_time_model" and not any(e["chosen"] and "lasso" in e["estimator"] for e in written["leaderboard"]):
            expected = np.array([float(row["runtime_prediction"]) for row in figures])
            assert np.all(np.abs(got[:len(expected)] - expected) <= 1e-12 * expected), f"{name}: predict says something else"
        terms = len(lassos[name]["terms"]) if name in lassos else len(next(m for m in written["physical"] if name == f"physical_{m['target']}_model")["recipes"])
        print(f"{what:16} {name:32} {path.stat().st_size:7} bytes, {terms:3} terms or recipes, {len(rows)} rows: largest difference "
              f"{of_value:.1e} of the value, {of_terms:.1e} of the terms' sizes")
        path.unlink()
    return set(lassos) | {f"physical_{m['target']}_model" for m in written.get("physical", [])}


def main():
    program, dump, source = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    random = np.random.default_rng(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    seen = set()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        for i, (what, training, estimator) in enumerate(training_data(program, source, scratch)):
            folder = scratch / f"board{i}"
            folder.mkdir()
            seen |= check_board(program, dump, what, training, estimator, random, folder)
    assert {f"{kind}_{target}_model" for kind in ("convolutional", "pooling", "dense") for target in ("power", "runtime")} <= seen, seen
    assert {"physical_run_time_model", "physical_energy_model"} <= seen, seen
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {len(seen)} sorts of models agree")


main()
