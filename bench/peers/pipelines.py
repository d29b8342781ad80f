"""The reference's six pipelines on scikit-learn, 1.5.2 or newer."""
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LassoCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, RobustScaler, StandardScaler

from engine_features import COLUMNS

KINDS = list(COLUMNS)
TARGETS = ["power", "runtime"]
TEST_NETWORKS = ["lenet", "resnet18", "vgg16"]
SPECIAL_TERMS = {
    "convolutional": [[1, 2, 3, 7, 8, 6], [1, 2, 3, 7, 8, 6, 0]],
    "pooling": [[0, 1, 2, 3], [0, 4, 5, 6], [0, 1, 2, 3, 7, 8]],
    "dense": [],
}


class SpecialTerms:
    """Products of raw columns."""

    def __init__(self, terms):
        self.terms = terms

    def __call__(self, x):
        return np.column_stack([np.prod(x[:, term], axis=1) for term in self.terms])


def columns_of(kind, target):
    """The feature matrix's pipeline, up to and with the scaler."""
    polynomial = Pipeline([
        ("log", FunctionTransformer(np.log1p if (kind, target) == ("convolutional", "power") else None)),
        ("polynomial", PolynomialFeatures(degree=3)),
    ])
    parts = [("polynomial", polynomial)]
    if SPECIAL_TERMS[kind]:
        parts.append(("special", FunctionTransformer(SpecialTerms(SPECIAL_TERMS[kind]))))
    scaler = RobustScaler() if (kind, target) == ("pooling", "power") else StandardScaler()
    return Pipeline([("features", FeatureUnion(parts)), ("scaler", scaler)])


def is_positive(kind, target):
    return (kind, target) != ("pooling", "runtime")


def lasso_cv(kind, target, tol=1e-4, max_iter=10000, **more):
    newer = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 7)
    grid = {"alphas": 500} if newer else {"n_alphas": 500}
    return LassoCV(cv=10, eps=1e-3, max_iter=max_iter, tol=tol, positive=is_positive(kind, target), **grid, **more)


def pipeline(kind, target, **more):
    return Pipeline([*columns_of(kind, target).steps, ("lasso", lasso_cv(kind, target, **more))])


def read_training(folder, kind):
    """Training frame, and the test networks' frames by name."""
    train, test = [], {}
    for path in sorted(pathlib.Path(folder).rglob(f"{kind}.csv")):
        frame = pd.read_csv(path)
        frame["power"] /= 1e6
        if path.parent.name in TEST_NETWORKS:
            test[path.parent.name] = frame
        else:
            train.append(frame)
    return pd.concat(train, ignore_index=True), test


def matrix(frame, kind):
    return frame[COLUMNS[kind]].to_numpy(dtype=float)
