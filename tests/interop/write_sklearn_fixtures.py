"""Writes the small models that the unit tests read: write_sklearn_fixtures.py DATA FUZZ_CORPUS, with each of the environments of
requirements-sklearn-*.txt in turn (1.5 writes the tree, 1.2 a pickle of protocol 2, 1.9 one of protocol 5 and a skops file).

Beside each set stands what scikit-learn predicts with it. The rows are made up; the closure's code is that of sklearn_models.py.
"""
import json
import pathlib
import pickle
import sys

import cloudpickle
import numpy as np
import sklearn
from sklearn_models import FEATURES, OPS, OUTPUTS, by_reference, lasso, log1p, poly, rows_of, steps, target_of, union
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

MLMODEL = """\
artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: {version}
mlflow_version: 2.18.0
model_size_bytes: {size}
run_id: {run_id}
utc_time_created: '2026-01-02 03:04:05.678901'
"""

random = np.random.default_rng(7)
data, corpus = (pathlib.Path(argument) for argument in sys.argv[1:3])
version = sklearn.__version__
expected = []


def grid(**more):
    return lasso(max_iter=500, **{"n_alphas" if version < "1.9" else "alphas": 5, **more})


def fit(kind, pipeline):
    x = rows_of(kind, random, 40)
    return pipeline.fit(x, target_of(x, random))


def expect(file, kind, target, pipeline):
    rows = rows_of(kind, random, 6)
    expected.append({"file": file, "kind": kind, "target": target, "rows": rows.tolist(),
                     "prediction": pipeline.predict(rows).tolist()})


def special(kind, *terms):
    return by_reference().special_terms(FEATURES[kind], list(terms))


def tree():
    conv, pool = lambda *parts: union(*parts, special("convolutional", OPS[1:], OPS)), lambda *parts: union(*parts, special("pooling", OUTPUTS, OPS))
    pipelines = {
        ("convolutional", "power"): steps(conv(steps(log1p(), poly())), StandardScaler(), grid(positive=True)),
        ("convolutional", "runtime"): steps(conv(poly()), StandardScaler(), grid(positive=True)),
        ("pooling", "power"): steps(pool(poly()), RobustScaler(), grid(positive=True)),
        ("pooling", "runtime"): steps(pool(poly()), StandardScaler(), grid()),
        ("dense", "power"): steps(poly(degree=3), StandardScaler(), grid(positive=True)),
        ("dense", "runtime"): steps(poly(degree=3), MinMaxScaler(), grid()),
    }
    for number, ((kind, target), pipeline) in enumerate(pipelines.items()):
        folder = data / "trained_models" / kind / target
        folder.mkdir(parents=True, exist_ok=True)
        content = cloudpickle.dumps(fit(kind, pipeline), 4)
        (folder / "model.pkl").write_bytes(content)
        (folder / "MLmodel").write_text(MLMODEL.format(version=version, size=len(content), run_id=f"{number:032x}"))
        expect(f"trained_models/{kind}/{target}", kind, target, pipeline)


def file(name, content, kind, pipeline):
    (data / name).write_bytes(content)
    expect(name, kind, "power", pipeline)


data.mkdir(parents=True, exist_ok=True)
corpus.mkdir(parents=True, exist_ok=True)
if version.startswith("1.5"):
    tree()
    small = fit("dense", steps(union(poly(), special("dense", ["batch_size", "input_size"])), StandardScaler(), grid()))
    (corpus / "closure").write_bytes(cloudpickle.dumps(small, 4))
elif version.startswith("1.2"):
    model = fit("dense", steps(log1p(), poly(), RobustScaler(), grid()))
    file("protocol2.pkl", pickle.dumps(model, 2), "dense", model)
    (corpus / "protocol2").write_bytes(pickle.dumps(model, 2))
else:
    import skops.io

    model = fit("dense", steps(poly(degree=(1, 2), interaction_only=True), MinMaxScaler(), grid()))
    file("protocol5.pkl", pickle.dumps(model, 5), "dense", model)
    (corpus / "protocol5").write_bytes(pickle.dumps(model, 5))
    model = fit("dense", steps(union(steps(log1p(), poly()), "passthrough"), StandardScaler(), grid()))
    file("model.skops", skops.io.dumps(model), "dense", model)
    (corpus / "skops").write_bytes(skops.io.dumps(fit("dense", steps(StandardScaler(), grid()))))
(data / f"expected_{version}.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
