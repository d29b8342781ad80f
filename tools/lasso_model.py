"""A second reader of model.json, in plain Python: predicts from the terms as they stand in the file."""
import csv
import math

SKIPPED = ("power", "runtime", "layer_name")


def rows(folder, network, kind):
    """Feature rows of a network's training CSV, as dicts of numbers."""
    path = folder / network / f"{kind}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items() if name not in SKIPPED} for row in csv.DictReader(file)]


def predict(model, row):
    """intercept + sum of coefficient (product - center) / scale over the terms."""
    recipe = model["recipe"]
    polynomial = math.comb(len(model["features"]) + recipe["degree"], recipe["degree"])
    values = []
    for term in model["terms"]:
        logged = recipe["log_scale"] and term["column"] < polynomial
        product = 1.0
        for factor in factors(term["term"]):
            product *= math.log1p(row[factor]) if logged else row[factor]
        values.append(term["coefficient"] * (product - term["center"]) / term["scale"])
    return math.fsum([model["intercept"], *values])


def factors(term):
    """"a*b^2" -> a, b, b; "1" -> none."""
    for part in term.replace(" ", "*").split("*"):
        name, _, power = part.partition("^")
        if name != "1":
            yield from [name] * int(power or 1)
