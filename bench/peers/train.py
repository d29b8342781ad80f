#!/usr/bin/env python3
"""The reference's run.py without its tracking: six pipelines, LassoCV, metrics. train.py TRAINING MODELS

Writes one pickle a model and metrics.json.
"""
import json
import pathlib
import pickle
import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, r2_score

import pipelines


def rmspe(actual, predicted):
    return 100.0 * np.sqrt(np.mean(((actual - predicted) / (actual + 1e-10)) ** 2))


def main():
    training, models = map(pathlib.Path, sys.argv[1:3])
    warnings.simplefilter("ignore", ConvergenceWarning)
    models.mkdir(parents=True, exist_ok=True)
    report = {}
    for kind in pipelines.KINDS:
        train, test = pipelines.read_training(training, kind)
        for target in pipelines.TARGETS:
            model = pipelines.pipeline(kind, target).fit(pipelines.matrix(train, kind), train[target])
            lasso = model.named_steps["lasso"]
            predicted = {name: model.predict(pipelines.matrix(frame, kind)) for name, frame in test.items()}
            actual = np.concatenate([frame[target] for frame in test.values()])
            of_all = np.concatenate(list(predicted.values()))
            report[f"{kind}_{target}"] = {
                "alpha": float(lasso.alpha_),
                "alpha_index": int(np.argmin(np.abs(lasso.alphas_ - lasso.alpha_))),
                "n_iter": int(lasso.n_iter_),
                "training_rmspe": rmspe(train[target], model.predict(pipelines.matrix(train, kind))),
                "testing_rmspe": rmspe(actual, of_all),
                "testing_mse": mean_squared_error(actual, of_all),
                "testing_r2": r2_score(actual, of_all),
                "testing_mae": mean_absolute_error(actual, of_all),
                "testing_mape": mean_absolute_percentage_error(actual, of_all),
                "test_pred": {name: values.tolist() for name, values in predicted.items()},
            }
            with open(models / f"{kind}_{target}.pkl", "wb") as file:
                pickle.dump(model, file)
    with open(models / "metrics.json", "w") as file:
        json.dump(report, file)


if __name__ == "__main__":
    main()
