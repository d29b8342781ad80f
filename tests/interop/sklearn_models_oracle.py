"""Models of this scikit-learn, as pickles of all protocols and skops files, read by us: sklearn_models_oracle.py SKLEARN_DUMP.

Predictions of what can be taken over must equal scikit-learn's; what cannot must be refused by name. Nothing that
a file holds may run: one of them would leave a trace.
"""
import pathlib
import pickle
import subprocess
import sys
import tempfile

import cloudpickle
import numpy as np
import sklearn
from sklearn_models import FEATURES, bad_pipelines, good_pipelines, lasso, poly, rows_of, steps, target_of
from sklearn.preprocessing import FunctionTransformer, StandardScaler

try:
    import skops.io as skops
except ImportError:
    skops = None
try:
    import pandas
except ImportError:
    pandas = None

# Of the largest prediction: single ones may be differences of large terms.
TOLERANCE = 1e-9


class Command:
    """Unpickling it would run a program."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return pathlib.Path.touch, (self.trace,)


def fitted(kind, pipeline, random, as_float32=False):
    x = rows_of(kind, random, 90)
    y = target_of(x, random)
    if as_float32:
        return pipeline.fit(x.astype(np.float32), y.astype(np.float32))
    return pipeline.fit(x, y)


def dumps(name, pipeline, by_value):
    for protocol in (2, 3, 4, 5):
        if not by_value:
            yield f"{name}.p{protocol}.pkl", pickle.dumps(pipeline, protocol)
        yield f"{name}.c{protocol}.pkl", cloudpickle.dumps(pipeline, protocol)
    if skops and not by_value:
        yield f"{name}.skops", skops.dumps(pipeline)


def good_files(random):
    for name, kind, pipeline, by_value in good_pipelines():
        fitted(kind, pipeline, random)
        for file, content in dumps(name, pipeline, by_value):
            yield file, kind, content, pipeline, None
    single = fitted("dense", steps(poly(), StandardScaler(), lasso()), random, True)
    for file, content in dumps("float32", single, False):
        yield file, "dense", content, single, None
    if pandas:
        x = rows_of("dense", random, 90)
        frame = steps(poly(), StandardScaler(), lasso()).fit(pandas.DataFrame(x, columns=FEATURES["dense"]), target_of(x, random))
        for file, content in dumps("frame", frame, False):
            yield file, "dense", content, frame, None


def bad_files(random, trace):
    for name, kind, pipeline, words in bad_pipelines():
        trained_as, pipeline = pipeline if isinstance(pipeline, tuple) else (kind, pipeline)
        fitted(trained_as, pipeline, random)
        for file, content in dumps(name, pipeline, False):
            yield file, kind, content, None, words
    own = fitted("dense", steps(FunctionTransformer(lambda a: a + 1), poly(), lasso()), random)
    yield "lambda.pkl", "dense", cloudpickle.dumps(own), None, "never run"
    yield "unfitted.pkl", "dense", pickle.dumps(steps(poly(), lasso())), None, "was the model fitted"
    yield "command.pkl", "dense", pickle.dumps(Command(trace)), None, "pathlib"
    inside = fitted("dense", steps(poly(), StandardScaler(), lasso()), random)
    inside.named_steps["step2"].intercept_ = Command(trace)
    yield "command_inside.pkl", "dense", pickle.dumps(inside), None, "pathlib"
    inside.named_steps["step2"].intercept_ = float("nan")
    yield "nan.pkl", "dense", pickle.dumps(inside), None, "no finite number"
    inside.named_steps["step2"].intercept_ = 1.0
    inside.named_steps["step2"].coef_ = inside.named_steps["step2"].coef_[:-1]
    yield "short.pkl", "dense", pickle.dumps(inside), None, "9 coefficients for 10 columns"
    if pandas:
        x = rows_of("dense", random, 90)
        frame = steps(poly(), StandardScaler(), lasso()).fit(
            pandas.DataFrame(x, columns=["batch_size", "output_size", "input_size"]), target_of(x, random))
        yield "frame_order.pkl", "dense", pickle.dumps(frame), None, "other features"


def rows_to_predict(folder, random):
    """Within the training rows' range and outside of it."""
    rows = {}
    for kind in FEATURES:
        x = rows_of(kind, random, 40)
        x[-5:] *= 3
        path = folder / f"{kind}.rows"
        path.write_text("\n".join(" ".join(map(str, row)) for row in x) + "\n")
        rows[kind] = x, path
    return rows


def main():
    program = sys.argv[1]
    random = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trace = folder / "trace"
        rows = rows_to_predict(folder, random)
        cases = [*good_files(random), *bad_files(random, trace)]
        lines = []
        for file, kind, content, _, _ in cases:
            (folder / file).write_bytes(content)
            lines.append(f"{folder / file} {kind} power {rows[kind][1]}")
        done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
        answers = done.stdout.splitlines()
        assert len(answers) == len(cases), (len(answers), len(cases), done.stderr)
        ran = trace.exists()
        wrong = read = refused = 0
        largest, largest_of = 0.0, ""
        for (file, kind, _, pipeline, words), answer in zip(cases, answers):
            if words is not None:
                refused += 1
                if not answer.startswith("error: ") or words not in answer:
                    wrong += 1
                    print(f"{file}: should be refused with '{words}', but: {answer[:300]}")
                continue
            read += 1
            if "error" in answer:
                wrong += 1
                print(f"{file}: {answer[:300]}")
                continue
            expected = np.asarray(pipeline.predict(rows[kind][0]), dtype=float)
            ours = np.array(answer.split(), dtype=float).reshape(2, len(expected), 2)
            difference = np.abs(ours - expected[None, :, None]).max() / max(np.abs(expected).max(), 1e-3)
            if difference > largest:
                largest, largest_of = difference, file
            if not difference <= TOLERANCE:
                wrong += 1
                print(f"{file}: differs by {difference:.1e}")
    print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, cloudpickle {cloudpickle.__version__}, "
          f"skops {skops and __import__('skops').__version__}: {read} files read, largest difference {largest:.1e} of the "
          f"largest prediction ({largest_of}); {refused} refused; {wrong} wrong; code run: {ran}")
    return 1 if wrong or ran else 0


if __name__ == "__main__":
    sys.exit(main())
