"""Fitted scikit-learn pipelines of every shape that joulecast reads, and of some that it must refuse."""
import inspect
import sys
import types
import warnings

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import ElasticNetCV, Lasso, LassoCV, LinearRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (FunctionTransformer, MinMaxScaler, Normalizer, PolynomialFeatures, PowerTransformer,
                                   RobustScaler, StandardScaler)
from sklearn.svm import SVR

warnings.filterwarnings("ignore")

SIZES = ["input_size_0", "input_size_1", "input_size_2", "output_size_0", "output_size_1", "output_size_2"]
FEATURES = {
    "convolutional": ["batch_size", *SIZES, "kernel_0", "kernel_1", "padding_0", "padding_1", "stride_0", "stride_1"],
    "pooling": ["batch_size", *SIZES, "kernel_0", "kernel_1", "stride_0", "stride_1"],
    "dense": ["batch_size", "input_size", "output_size"],
}
OPS = ["batch_size", "input_size_0", "input_size_1", "input_size_2", "kernel_0", "kernel_1"]
OUTPUTS = ["batch_size", "output_size_0", "output_size_1", "output_size_2"]


class Builder:
    """Its method's closure is what the reference stores by value: names, self, terms."""

    def __init__(self):
        self.cv = 3

    def special_terms(self, names, terms_list):
        features_mapping = {name: i for i, name in enumerate(names)}

        def _build_special_terms(a):
            self.cv
            return np.column_stack([np.prod(a[:, [features_mapping[n] for n in term]], axis=1) for term in terms_list])

        return FunctionTransformer(_build_special_terms)


def by_reference():
    """The same class, but of a module: then it is stored by name. The code of its closure is of no file."""
    package, module = types.ModuleType("model"), types.ModuleType("model.model_builder")
    module.__file__, module.__package__ = "model_builder.py", "model"
    sys.modules.update({"model": package, "model.model_builder": module})
    module.np, module.FunctionTransformer = np, FunctionTransformer
    source = inspect.getsource(Builder).replace("class Builder", "class ModelBuilder")
    exec(compile(source, module.__file__, "exec"), module.__dict__)
    return module.ModelBuilder()


def rows_of(kind, random, count):
    width = len(FEATURES[kind])
    rows = random.integers(1, 9, size=(count, width))
    large = slice(1, 3) if kind == "dense" else slice(1, 7)
    rows[:, large] = 2 ** random.integers(0, 9, size=rows[:, large].shape) + random.integers(0, 3, size=rows[:, large].shape)
    return rows


def target_of(x, random):
    return 2.0 + np.log1p(x).sum(1) + 1e-6 * x[:, 1] * x[:, 2] + 0.05 * random.normal(size=len(x))


def lasso(**more):
    """A small grid; newer versions have no n_alphas."""
    grid = "n_alphas" if "n_alphas" in LassoCV().get_params() else "alphas"
    return LassoCV(**{grid: 15, "cv": 3, "max_iter": 2000, **more})


def poly(**more):
    return PolynomialFeatures(**{"degree": 2, **more})


def log1p():
    return FunctionTransformer(np.log1p)


def steps(*parts):
    return Pipeline([(f"step{i}", part) for i, part in enumerate(parts)])


def union(*parts, **more):
    return FeatureUnion([(f"part{i}", part) for i, part in enumerate(parts)], **more)


def good_pipelines():
    """(name, kind, pipeline, needs cloudpickle)"""
    names, conv = FEATURES["pooling"], FEATURES["convolutional"]
    special = lambda builder, names, terms: builder.special_terms(names, terms)
    reference = by_reference()
    yield "cubic", "dense", steps(poly(degree=3), StandardScaler(), lasso()), False
    yield "logged", "dense", steps(log1p(), poly(), RobustScaler(), lasso()), False
    yield "pooling", "pooling", steps(poly(), MinMaxScaler(), lasso(positive=True)), False
    yield "degrees_2_to_3", "dense", steps(poly(degree=(2, 3)), MinMaxScaler(), lasso()), False
    yield "degrees_0_to_2", "dense", steps(poly(degree=(0, 2), include_bias=False), StandardScaler(), lasso()), False
    yield "degrees_3_to_3", "dense", steps(poly(degree=(3, 3), include_bias=False, order="F"), StandardScaler(), lasso()), False
    yield "interactions", "pooling", steps(poly(degree=3, interaction_only=True), StandardScaler(), lasso()), False
    yield "no_bias", "convolutional", steps(poly(include_bias=False), StandardScaler(), lasso()), False
    yield "interactions_2", "dense", steps(poly(degree=(2, 3), interaction_only=True, include_bias=False), RobustScaler(), lasso()), False
    yield "reference_pooling", "pooling", steps(union(poly(), special(reference, names, [OUTPUTS, OPS])), RobustScaler(), lasso()), True
    yield "reference_conv", "convolutional", steps(
        union(steps(log1p(), poly()), special(reference, conv, [OPS, OPS[1:]])), StandardScaler(), lasso(positive=True)), True
    yield "special_first", "pooling", steps(union(special(reference, names, [OPS]), poly()), StandardScaler(), lasso()), True
    yield "special_alone", "pooling", steps(special(reference, names, [OPS, OUTPUTS, ["kernel_0"]]), StandardScaler(), lasso()), True
    yield "class_by_value", "pooling", steps(union(poly(), special(Builder(), names, [OUTPUTS])), StandardScaler(), lasso()), True
    yield "unscaled", "dense", steps(poly(), "passthrough", lasso()), False
    yield "features_alone", "dense", steps(StandardScaler(), lasso()), False
    yield "logs_alone", "dense", steps(log1p(), StandardScaler(), lasso()), False
    yield "bare", "dense", lasso(), False
    yield "beside_polynomial", "dense", steps(union("passthrough", steps(log1p(), poly())), StandardScaler(), lasso()), False
    yield "logs_and_features", "dense", steps(union(log1p(), "passthrough"), StandardScaler(), lasso()), False
    yield "dropped", "dense", steps(union("drop", poly()), StandardScaler(), lasso()), False
    yield "identity", "dense", steps(FunctionTransformer(), poly(), StandardScaler(), lasso()), False
    yield "nested", "dense", steps(steps(log1p(), steps(poly())), steps(StandardScaler(), lasso())), False
    yield "without_mean", "dense", steps(poly(), StandardScaler(with_mean=False), lasso()), False
    yield "without_deviation", "dense", steps(log1p(), poly(), StandardScaler(with_std=False), lasso()), False
    yield "without_center", "dense", steps(poly(), RobustScaler(with_centering=False, quantile_range=(5, 95)), lasso()), False
    yield "without_range", "dense", steps(log1p(), poly(), RobustScaler(with_scaling=False), lasso()), False
    yield "other_range", "dense", steps(poly(), MinMaxScaler(feature_range=(-1, 2)), lasso()), False
    yield "no_intercept", "dense", steps(log1p(), poly(), MinMaxScaler(), lasso(fit_intercept=False)), False
    yield "one_alpha", "dense", steps(poly(), StandardScaler(), Lasso(alpha=0.01)), False
    yield "folds_object", "dense", steps(poly(), StandardScaler(), lasso(cv=KFold(4))), False
    yield "random_updates", "dense", steps(poly(), StandardScaler(), lasso(selection="random", random_state=1, precompute=True)), False
    yield "many_terms", "convolutional", steps(poly(degree=3), StandardScaler(), lasso()), False


def bad_pipelines():
    """(name, kind, pipeline, words of the refusal)"""
    yield "svr", "dense", steps(StandardScaler(), SVR()), "sklearn.svm._classes.SVR"
    yield "linear", "dense", steps(poly(), LinearRegression()), "sklearn.linear_model._base.LinearRegression"
    yield "elastic", "dense", steps(poly(), ElasticNetCV(cv=3)), "ElasticNetCV"
    yield "power", "dense", steps(PowerTransformer(), poly(), lasso()), "PowerTransformer"
    yield "normalizer", "dense", steps(Normalizer(), lasso()), "Normalizer"
    yield "sqrt", "dense", steps(FunctionTransformer(np.sqrt), poly(), lasso()), "sqrt"
    yield "columns", "dense", steps(ColumnTransformer([("a", "passthrough", [0, 1])]), lasso()), "ColumnTransformer"
    yield "target", "dense", TransformedTargetRegressor(steps(poly(), lasso()), func=np.log1p, inverse_func=np.expm1), "TransformedTarget"
    yield "clip", "dense", steps(poly(), MinMaxScaler(clip=True), lasso()), "clips"
    yield "weights", "dense", steps(union(poly(), "passthrough", transformer_weights={"part0": 2.0}), lasso()), "weights"
    yield "search", "dense", GridSearchCV(steps(poly(), Lasso()), {"step1__alpha": [0.1, 1.0]}, cv=3), "GridSearchCV"
    yield "scaled_first", "dense", steps(StandardScaler(), poly(), lasso()), "polynomial of what"
    yield "two_polynomials", "dense", steps(union(poly(), poly(degree=3)), lasso()), "second polynomial"
    yield "two_scalers", "dense", steps(poly(), StandardScaler(), MinMaxScaler(), lasso()), "scaled twice"
    yield "half_scaled", "dense", steps(union(steps(poly(), StandardScaler()), "passthrough"), lasso()), "others are not"
    yield "log_of_polynomial", "dense", steps(poly(), log1p(), lasso()), "log1p of what"
    yield "logs_beside", "dense", steps(union(poly(), log1p()), lasso()), "beside the polynomial"
    yield "degree_7", "dense", steps(poly(degree=7), StandardScaler(), Lasso(alpha=0.1)), "from 1 to 6"
    yield "not_last", "dense", steps(poly(), StandardScaler()), "no lasso"
    yield "other_width", "pooling", ("dense", steps(poly(), StandardScaler(), lasso())), "fitted on 3 columns"
