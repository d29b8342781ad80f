#!/usr/bin/env python3
"""Cross-validated lasso by other libraries. Modes:

  lasso_paths.py dump TRAINING KIND TARGET PROBLEM     writes the feature matrix for bench_work (scikit-learn's venv)
  lasso_paths.py SOLVER PROBLEM TOL COEFS|-            solves; SOLVER is sklearn, sklearn_path, adelie, celer or skglm

Solving means 10 fold paths and one on all rows, 500 alphas each, one thread. Prints CPU seconds of the solving
alone: imports, reading and compilation (a small problem is solved first) are left out. COEFS gets the fold paths, for
bench_work to judge all libraries' duality gaps by the same code.
"""
import json
import pathlib
import resource
import sys
import warnings

import numpy as np

ALPHAS = 500
FOLDS = 10


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def dump(training, kind, target, problem):
    import pipelines

    frame, _ = pipelines.read_training(training, kind)
    x = pipelines.columns_of(kind, target).fit_transform(pipelines.matrix(frame, kind))
    head = np.array([*x.shape, int(pipelines.is_positive(kind, target)), ALPHAS], dtype=np.int64)
    with open(problem, "wb") as file:
        for part in (head, frame[target].to_numpy(dtype=float), x.T):
            file.write(np.ascontiguousarray(part).tobytes())


def read_problem(path):
    data = pathlib.Path(path).read_bytes()
    n, p, positive, _ = np.frombuffer(data, dtype=np.int64, count=4)
    numbers = np.frombuffer(data, dtype=float, offset=32)
    return np.asfortranarray(numbers[n:].reshape(p, n).T), numbers[:n].copy(), bool(positive)


def grid(x, y):
    """scikit-learn 1.5.2's: alpha_max whatever the sign, down to a thousandth in equal ratios."""
    largest = np.abs((x - x.mean(0)).T @ (y - y.mean())).max() / len(y)
    return np.logspace(np.log10(largest * 1e-3), np.log10(largest), num=ALPHAS)[::-1]


# Each solver: centred x (Fortran order), centred y, alphas, positive, tol -> coefficients, alphas x columns.
def by_sklearn(x, y, alphas, positive, tol):
    from sklearn.linear_model import lasso_path

    return lasso_path(x, y, alphas=alphas, positive=positive, tol=tol, max_iter=100_000)[1].T


def by_celer(x, y, alphas, positive, tol):
    from celer import celer_path

    return celer_path(x, y, "lasso", alphas=alphas, positive=positive, tol=tol)[1].T


def by_skglm(x, y, alphas, positive, tol):
    from skglm import Lasso

    model = Lasso(positive=positive, tol=tol, fit_intercept=False)
    return model.path(x, y, alphas)[1].T


def by_adelie(x, y, alphas, positive, tol):
    import adelie as ad

    p = x.shape[1]
    constraints = [ad.constraint.lower(np.zeros(1)) for _ in range(p)] if positive else None
    state = ad.grpnet(x, ad.glm.gaussian(y), groups=np.arange(p), constraints=constraints, lmda_path=alphas, tol=tol,
                      early_exit=False, intercept=False, n_threads=1, progress_bar=False, adev_tol=1.0, ddev_tol=0.0)
    return state.betas.toarray()


def by_lasso_cv(x, y, positive, tol):
    """scikit-learn's own cross-validation, as the reference calls it."""
    import sklearn
    from sklearn.linear_model import LassoCV

    newer = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 7)
    more = {"alphas": ALPHAS} if newer else {"n_alphas": ALPHAS}
    LassoCV(cv=FOLDS, tol=tol, max_iter=10_000, positive=positive, **more).fit(x, y)


def solve(solver, x, y, positive, tol):
    """All paths: the folds' and the whole's. Fold paths as rows of [intercept, coefficients]."""
    alphas = grid(x, y)
    rows = []
    for part in [*np.array_split(np.arange(len(y)), FOLDS), []]:
        kept = np.setdiff1d(np.arange(len(y)), part)
        center, mean = x[kept].mean(0), y[kept].mean()
        betas = solver(np.asfortranarray(x[kept] - center), y[kept] - mean, alphas, positive, tol)
        if len(betas) != ALPHAS:
            raise RuntimeError(f"{len(betas)} of {ALPHAS} alphas solved")
        if len(part):
            rows.append(np.column_stack([mean - betas @ center, betas]))
    return np.concatenate(rows)


def main():
    if sys.argv[1] == "dump":
        dump(*sys.argv[2:])
        return
    name, path, tol, out = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
    x, y, positive = read_problem(path)
    warnings.simplefilter("ignore")
    if name == "sklearn":
        begin = cpu_seconds()
        by_lasso_cv(x, y, positive, tol)
        print(json.dumps({"cpu_s": cpu_seconds() - begin}))
        return
    solver = {"sklearn_path": by_sklearn, "adelie": by_adelie, "celer": by_celer, "skglm": by_skglm}[name]
    random = np.random.default_rng(1)
    solver(np.asfortranarray(random.normal(size=(40, 12))), random.normal(size=40), np.array([0.3, 0.1]), positive, 1e-3)
    begin = cpu_seconds()
    rows = solve(solver, x, y, positive, tol)
    print(json.dumps({"cpu_s": cpu_seconds() - begin}))
    if out != "-":
        pathlib.Path(out).write_bytes(rows.tobytes())


if __name__ == "__main__":
    main()
