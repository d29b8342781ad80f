"""Our lasso against scikit-learn's, on random problems: lasso_oracle.py LASSO_DUMP [PROBLEMS] [SEED].

The minimiser need not be unique, the minimum is. So the objectives are compared, at tol 1e-12 of scikit-learn:
ours may not be above its by more than rounding, and where it converged, not below its by more than its own gap.
"""
import subprocess
import sys
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

ALPHA_RATIOS = (0.9, 0.3, 0.1, 0.03, 0.01, 0.003)


def random_problem(random):
    rows, columns = random.integers(2, 60), random.integers(1, 80)
    x = random.normal(size=(rows, columns))
    for j in range(1, columns):
        kind, other = random.integers(0, 12), random.integers(0, j)
        if kind == 0:
            x[:, j] = x[:, other]
        elif kind == 1:
            x[:, j] = 2 * x[:, other] + 1
        elif kind == 2:
            x[:, j] = 3.25
        elif kind == 3:
            x[:, j] = x[:, other] ** 2
        elif kind == 4:
            x[:, j] = x[:, other] + 0.01 * x[:, j]
    y = x[:, 0] - 0.5 * x[:, -1] + random.normal(size=rows) * random.choice([0.0, 0.1, 1.0])
    return x, y, bool(random.integers(0, 2)), bool(random.integers(0, 2))


def objective(x, y, alpha, w, intercept):
    residual = y - x @ w - intercept
    return residual @ residual / (2 * len(y)) + alpha * np.abs(w).sum()


def alphas_of(x, y, intercept):
    xc, yc = (x - x.mean(0), y - y.mean()) if intercept else (x, y)
    largest = np.abs(xc.T @ yc).max() / len(y)
    return [ratio * largest for ratio in ALPHA_RATIOS]


def text_of(x, y, positive, intercept, alphas):
    words = [len(y), x.shape[1], int(positive), int(intercept), len(alphas)]
    numbers = np.concatenate([alphas, y, x.T.ravel()])
    return " ".join(map(str, words)) + "\n" + " ".join(repr(float(v)) for v in numbers) + "\n"


def sklearn_objective(x, y, alpha, positive, intercept):
    model = Lasso(alpha=alpha, positive=positive, fit_intercept=intercept, tol=1e-12, max_iter=200_000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(x, y)
    return objective(x, y, alpha, model.coef_, model.intercept_), not caught


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    random = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    problems = [random_problem(random) for _ in range(count)]
    grids = [alphas_of(x, y, intercept) for x, y, _, intercept in problems]
    text = "".join(text_of(*problem, grid) for problem, grid in zip(problems, grids))
    lines = iter(subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines())

    worse = better = unconverged = compared = 0
    largest = 0.0
    for number, ((x, y, positive, intercept), grid) in enumerate(zip(problems, grids)):
        scale = y @ y / len(y)
        for alpha in grid:
            values = np.array(next(lines).split(), dtype=float)
            ours = objective(x, y, alpha, values[2:], values[0])
            theirs, converged = sklearn_objective(x, y, alpha, positive, intercept)
            compared += 1
            unconverged += not converged
            difference = (ours - theirs) / scale
            largest = max(largest, difference)
            if difference > 1e-13 or (positive and values[2:].min() < 0):
                worse += 1
                print(f"problem {number}, alpha {alpha}: ours {ours!r}, scikit-learn {theirs!r}")
            if converged and difference < -1e-11:
                better += 1
                print(f"problem {number}, alpha {alpha}: ours {ours!r} is below a converged {theirs!r}")
    print(f"scikit-learn {sklearn.__version__}: {compared} fits, {worse} worse than its, {better} impossibly better, "
          f"{unconverged} it could not converge; largest excess {largest:.1e} of ||y||^2 / n")
    return 1 if worse or better or next(lines, None) is not None else 0


if __name__ == "__main__":
    sys.exit(main())
