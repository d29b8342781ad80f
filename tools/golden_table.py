#!/usr/bin/env python3
"""Every golden file of the reference, equal or not: golden_table.py PROGRAM GOLDEN_FOLDER [--all]

Runs the program on the golden inputs (attribute, convert, train, predict, models) and compares what it wrote. Prints a table by group, and each file that
differs; with --all each file. Exit code 1 if a file differs that should not.
"""
import csv
import gzip
import hashlib
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import lasso_model

# Cases where ours differs on purpose; docs/compatibility.md says why.
INTENDED = {
    "na_names": "names that pandas takes for missing are kept",
    "numeric_names": "names that pandas takes for numbers are kept",
    "empty_latency": "the network is skipped; the reference writes a CSV without columns, which it then cannot read",
    "latency_empty_lists": "the network is skipped; the reference writes a CSV without columns, which it then cannot read",
}
PREDICTION_TOLERANCE = {"compat": 1e-9, "converged": 1e-6}


class Table:
    def __init__(self):
        self.rows = []  # group, file, equal, note, largest relative difference

    def add(self, group, name, equal, note="", difference=0.0, expected=True):
        self.rows.append((group, name, equal, note, difference, expected))

    def show(self, everything):
        groups = {}
        for row in self.rows:
            groups.setdefault(row[0], []).append(row)
        print(f"{'golden files':<55} {'files':>5} {'equal':>5}  {'max diff.':>10}")
        print("-" * 80)
        for group, rows in groups.items():
            largest = max(row[4] for row in rows)
            shown = f"{largest:.1e}" if largest else "bytes"
            print(f"{group:<55} {len(rows):>5} {sum(row[2] for row in rows):>5}  {shown:>10}")
        print("-" * 80)
        print(f"{'all':<55} {len(self.rows):>5} {sum(row[2] for row in self.rows):>5}")
        for group, name, equal, note, difference, expected in self.rows:
            if everything or not equal or note:
                word = "equal" if equal else "DIFFERS" if expected else "differs, as intended"
                print(f"  {group}: {name}: {word}" + (f" ({difference:.1e})" if difference else "") + (f": {note}" if note else ""))
        return 1 if any(not row[2] and row[5] for row in self.rows) else 0


def run(program, *words):
    return subprocess.run([program, *map(str, words), "--log-format", "json"], capture_output=True, text=True)


def relative(a, b):
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / max(abs(a), abs(b)) if math.isfinite(a) and math.isfinite(b) else math.inf


def largest(ours, golden):
    return math.inf if len(ours) != len(golden) else max((relative(a, b) for a, b in zip(ours, golden)), default=0.0)


def compare_sums(table, golden, work, program):
    """SHA256SUMS.txt: everything that attribute and convert write for golden/raw_data."""
    run(program, "attribute", "--method", "window", golden / "raw_data", "--out", work / "preprocessed_data")
    run(program, "convert", work / "preprocessed_data", "--out", work / "training_data_n20", "--per-layer-measurements", 20)
    run(program, "convert", work / "preprocessed_data", "--out", work / "training_data")
    for line in (golden / "SHA256SUMS.txt").read_text().splitlines():
        wanted, name = line.split("  ", 1)
        path = work / name
        equal = path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == wanted
        table.add(f"{name.split('/')[0]}/*/{kind_of(name)}", name, equal, "" if path.exists() else "not written")
    allowed = {line.split("  ", 1)[1] for line in (golden / "SHA256SUMS.txt").read_text().splitlines()}
    for folder in ("training_data", "training_data_n20"):
        for path in sorted((work / folder).glob("*/*.csv")):
            name = str(path.relative_to(work))
            if path.name in ("convolutional.csv", "pooling.csv", "dense.csv") and name not in allowed:
                table.add(f"{folder}/*/{path.name}", name, False, "written, but not by the reference")


def kind_of(name):
    base = name.split("/")[-1]
    return re.sub(r"^.*_average_", "*_average_", base)


def compare_skips(table, golden, work, program):
    """Which networks each log says were skipped."""
    for name, gate in (("convert_measurements.log.txt", 10), ("convert_measurements_gate20.log.txt", 20)):
        text = (golden / "preprocessed_data" / name).read_text()
        wanted = set(re.findall(r"Skipping creating training data for (\S+) model", text))
        ours = run(program, "convert", work / "preprocessed_data", "--out", work / f"skips_{gate}", "--per-layer-measurements", gate)
        table.add("skipped networks named in logs", name, skipped_in(ours) == wanted)
    wanted = set(re.findall(r"^Skipping (\S+) due to", (golden / "preprocessed_data" / "map_power_to_layers.stdout.txt").read_text(), re.M))
    ours = run(program, "attribute", "--method", "window", golden / "raw_data", "--out", work / "skips_attribute")
    table.add("skipped networks named in logs", "map_power_to_layers.stdout.txt", skipped_in(ours) == wanted)


def skipped_in(result):
    """Networks said to be skipped, but for those without a usable row: the reference writes nothing for them either, and does not say so."""
    messages = (message for message in map(json.loads, result.stderr.splitlines()) if "network" in message)
    return {message["network"] for message in messages if " skipped: " in message["message"] and "no usable row" not in message["message"]}


def compare_fixtures(table, golden, work, program):
    """The reference's own test data."""
    data = golden.parent / "data" / "edgeprofiler"
    outputs = golden / "upstream_fixture_outputs"
    place = work / "fixtures"
    run(program, "attribute", "--method", "window", data / "example_raw_data", "--out", place / "raw")
    run(program, "convert", place / "raw", "--out", place / "raw_training", "--per-layer-measurements", 1)
    subprocess.run(["cp", "-r", str(data / "example_preprocessed_data"), str(place / "pre")], check=True)
    subprocess.run(["chmod", "-R", "u+w", str(place / "pre")], check=True)
    run(program, "convert", place / "pre", "--out", place / "pre_training", "--per-layer-measurements", 1)
    pairs = (("example_raw_data/preprocessed_data", "raw"), ("example_raw_data/training_data_gate1", "raw_training"),
             ("example_preprocessed_data/preprocessed_data", "pre"), ("example_preprocessed_data/training_data_gate1", "pre_training"))
    for theirs, ours in pairs:
        for path in sorted((outputs / theirs).rglob("*.csv")):
            mine = place / ours / path.relative_to(outputs / theirs)
            table.add("upstream_fixture_outputs", str(path.relative_to(outputs)), mine.exists() and mine.read_bytes() == path.read_bytes())
    for folder, ours in (("example_raw_data", "raw"), ("example_preprocessed_data", "pre")):
        for path in sorted((outputs / folder).glob("convert_gate*.log.txt")):
            gate = re.search(r"gate(\d+)", path.name)[1]
            result = run(program, "convert", place / ours, "--out", place / f"{ours}_gate{gate}", "--per-layer-measurements", gate)
            wanted = set(re.findall(r"Skipping creating training data for (\S+) model", path.read_text()))
            table.add("upstream_fixture_outputs", str(path.relative_to(outputs)), skipped_in(result) == wanted)


def as_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def same(path, text):
    """A file with this text; an output named without one is an empty folder there, which ours need not have."""
    return path.read_bytes() == as_bytes(text) if path.is_file() else not path.name.endswith(".csv")


def compare_edge_cases(table, golden, work, program):
    """Tiny inputs. Where the reference writes a file, ours is compared; where it dies, ours may go on (docs/compatibility.md)."""
    for case in json.loads(gzip.open(golden / "edge_cases.json.gz").read())["cases"]:
        place = work / "edge" / case["name"]
        for name, text in case["files"].items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(as_bytes(text))
        run(program, "attribute", "--method", "window", place / "raw_data", "--out", place / "preprocessed_data")
        gate = case["per_layer_measurements"]
        run(program, "convert", place / "preprocessed_data", "--out", place / "training_data", "--per-layer-measurements", 10 if gate is None else gate)
        different = [name for name, text in case["outputs"].items() if not same(place / name, text)]
        intended = INTENDED.get(case["name"])
        note = "" if not different else intended or ", ".join(different)
        table.add("edge_cases.json.gz (86 cases)", case["name"], not different, note, expected=intended is None)


def compare_fits(table, golden, work, program):
    for data, source in (("large", golden / "training_data_large"), ("from_raw", golden / "training_data")):
        for mode in ("compat", "converged"):
            out = work / f"models_{data}_{mode}"
            trained = run(program, "train", source, "--out", out, "--mode", mode)
            if trained.returncode != 0:
                table.add(f"fits/{data}/*_{mode}.json", "all", False, trained.stderr.strip())
                continue
            models = {(m["kind"], m["target"]): m for m in json.loads((out / "model.json").read_text())["models"]}
            for path in sorted((golden / "fits" / data).glob(f"*_{mode}.json")):
                fit = json.loads(path.read_text())
                compare_fit(table, f"fits/{data}/*_{mode}.json", path.name, fit, models[fit["layer"], fit["target"]], source, mode)


def compare_fit(table, group, name, fit, model, source, mode):
    how = model["fit"]
    problems = []
    if how["alpha_index"] != fit["alpha_index"]:
        problems.append(f"alpha index {how['alpha_index']}, golden {fit['alpha_index']}")
    if mode == "compat" and how["iterations"] != fit["n_iter"]:
        problems.append(f"n_iter {how['iterations']}, golden {fit['n_iter']}")
    if largest(how["alphas"], fit["alphas"]) > 1e-12:
        problems.append(f"alphas differ by {largest(how['alphas'], fit['alphas']):.1e}")
    if mode == "compat" and largest(how["mean_mse"], fit["cv_mse_mean"]) > 1e-9:
        problems.append(f"cv errors differ by {largest(how['mean_mse'], fit['cv_mse_mean']):.1e}")
    rows = [row for network in fit["train_order"] for row in lasso_model.rows(source, network, fit["layer"])]
    difference = largest([lasso_model.predict(model, row) for row in rows], fit["train_pred"])
    for network, golden_values in fit["test_pred"].items():
        ours = [lasso_model.predict(model, row) for row in lasso_model.rows(source, network, fit["layer"])]
        difference = max(difference, largest(ours, golden_values))
    if difference > PREDICTION_TOLERANCE[mode]:
        problems.append(f"predictions differ by {difference:.1e}")
    table.add(group, name, not problems, "; ".join(problems), difference)


def compare_pickles(table, golden, work, program):
    for path in sorted((golden / "pickles").glob("sklearn_*/*.json")):
        group = f"pickles/{path.parent.name}"
        layer, target = path.stem.split("_")[:2]
        layer = {"conv": "convolutional"}.get(layer, layer)
        shown = run(program, "models", "show", path.with_suffix(".pkl"), "--layer", layer, "--target", target, "--json", "-")
        if shown.returncode != 0:
            table.add(group, path.name, False, shown.stderr.strip())
            continue
        fit = json.loads(path.read_text())
        [model] = json.loads(shown.stdout)["models"]
        coefficients = [0.0] * fit["n_columns"]
        for term in model["terms"]:
            coefficients[term["column"]] = term["coefficient"]
        problems = []
        if model["intercept"] != fit["intercept"] or coefficients != fit["coef"]:
            problems.append("coefficients differ")
        difference = largest([lasso_model.predict(model, dict(zip(model["features"], row))) for row in fit["X"]], fit["prediction"])
        if difference > PREDICTION_TOLERANCE["compat"]:
            problems.append(f"predictions differ by {difference:.1e}")
        table.add(group, path.name, not problems, "; ".join(problems), difference)


def compare_inference(table, golden, work, program):
    engines = {"orin_resnet18": golden.parent / "data/engines/orin_resnet18/trt_engine_info.json"}
    for name in ("mobilenet_v2", "squeezenet1_0"):
        engines[name] = next((golden / "raw_data" / name).rglob("trt_engine_info.json*"))
    for name, engine in engines.items():
        out = work / f"{name}.csv"
        result = run(program, "predict", engine, "--models", work / "models_large_compat", "--compat", "--out", out)
        if result.returncode != 0:
            table.add("inference", f"{name}.csv", False, result.stderr.strip())
            continue
        ours = list(csv.reader(out.open(newline="")))
        theirs = list(csv.reader((golden / "inference" / f"{name}.csv").open(newline="")))
        words = [row[2:] for row in ours] == [row[2:] for row in theirs] and ours[0] == theirs[0]
        difference = largest([float(v) for row in ours[1:] for v in row[:2]], [float(v) for row in theirs[1:] for v in row[:2]])
        table.add("inference", f"{name}.csv", words and difference <= 1e-9, "" if words else "names or order", difference)
        totals = [line.split(":")[1].split()[0] for line in (golden / "inference" / f"{name}.stdout.txt").read_text().splitlines()[-3:]]
        printed = [line.split(":")[1].split()[0] for line in result.stdout.splitlines() if re.match(r"(Total|Average) ", line)]
        difference = largest([float(v) for v in printed], [float(v) for v in totals])
        table.add("inference", f"{name}.stdout.txt", difference <= 1e-9, "", difference)


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    golden = pathlib.Path(sys.argv[2]).resolve()
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        compare_sums(table, golden, work, program)
        compare_skips(table, golden, work, program)
        compare_fixtures(table, golden, work, program)
        compare_edge_cases(table, golden, work, program)
        compare_fits(table, golden, work, program)
        compare_inference(table, golden, work, program)
        compare_pickles(table, golden, work, program)
    code = table.show("--all" in sys.argv[3:])
    print("Not compared: tuning.json (no command makes it yet); *_sklearn191.json.gz (another stopping rule and grid).")
    return code


if __name__ == "__main__":
    sys.exit(main())
