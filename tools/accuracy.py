#!/usr/bin/env python3
"""How well the models predict what they have not seen: accuracy.py PROGRAM FOLDER [REPORT]

Trains and evaluates from scratch on the measured boards in examples/boards, on the engines of ENGINES (in the environment, a folder
of recorded engines; left out, visibly, if there is none) and on simulated boards. Prints the tables, and writes them to REPORT.
"""
import concurrent.futures
import csv
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOARDS = ROOT / "examples/boards"
TX2 = BOARDS / "jetson-tx2"
WEIGHTED = "convolutional+dense"
SEEDS, SCENARIOS, CYCLES = (9301, 9302), ("base", "demo"), 5000  # seeds that nothing was developed on
PARTS = ("symmetric-loss", "symmetric-loss,relative-loss", "refinements", "corner", "tiles", "families", "residual", "average")


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def evaluate(program, training, group, *more):
    return json.loads(run(program, "evaluate", training, "--group", group, "--json", "-", "--quiet", *more))


def all_of(work, items):
    """work(item) of each, in order, as many at once as there are cores: each is told to use one."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


def percent(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def mean(values):
    values = [value for value in values if value is not None]
    return statistics.fmean(values) if values else None


class Report:
    def __init__(self):
        self.rows = [("data", "held out", "figure", "goal", "here", "mean of the kind", "reference's lasso", "the same, relative errors")]
        self.ablation = [("without", "GPUs: RMSPE (%)", "GPUs: sum (%)", "TX2: latency MAPE (%)", "TX2: energy MAPE (%)")]
        self.notes = []

    def add(self, data, held_out, figure, goal, here, found=None):
        columns = ("naive_rmspe_percent", "lasso_rmspe_percent", "relative_lasso_rmspe_percent")
        beside = [percent(found.get(name), 0) for name in columns] if found else ["", "", ""]
        self.rows.append((data, held_out, figure, goal, here, *beside))
        print(" | ".join(self.rows[-1]), flush=True)

    @staticmethod
    def table(rows):
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def engines_of(program, *more):
    """(name, figures) of each engine with 20 or more convolutions and dense layers."""
    folders = [table.parent for table in sorted(BOARDS.glob("*/*/layers.csv")) if TX2 not in table.parents]
    figures = all_of(lambda folder: evaluate(program, folder, "shape", "--jobs", "1", *more), folders)
    details = []
    for folder, found in zip(folders, figures):
        layers = found["targets"]["run_time"]["by_kind"].get(WEIGHTED)
        if layers and layers["layers"] >= 20:
            details.append((f"{folder.parent.name}/{folder.name}", layers))
    return details


def column(details, name, size=False):
    values = [found[name] for _, found in details]
    return mean(abs(value) for value in values) if size else mean(values)


def boards(program, report):
    details = engines_of(program)
    beside = {name: column(details, name) for name in
              ("naive_rmspe_percent", "lasso_rmspe_percent", "relative_lasso_rmspe_percent")}
    report.add("GPUs, each engine by itself", "shapes, 10 folds",
               f"run time of convolutions and dense layers, mean of {len(details)} engines: RMSPE (%)", "12",
               percent(column(details, "rmspe_percent")), beside)
    report.add("", "", "error of the sum (%), mean of sizes", "3", percent(column(details, "sum_error_percent", True)))
    report.add("", "", "90 % intervals cover (%)", "85-95", percent(column(details, "coverage_90_percent")))
    report.notes.append("Engine by engine, RMSPE and error of the sum (%): " + "; ".join(
        f"{name} {percent(f['rmspe_percent'])}, {percent(f['sum_error_percent'])}" for name, f in details) + ".")
    blocks = evaluate(program, TX2, "shape")["targets"]
    for target in ("run_time", "energy"):
        found = blocks[target]["by_kind"][WEIGHTED]
        report.add("Jetson TX2, FBNet blocks", "input and output sizes, 10 folds", f"{target}: MAPE (%)", "9",
                   percent(found["mape_percent"]))
        report.add("", "", f"{target}: RMSPE (%)", "-", percent(found["rmspe_percent"]), found)
        report.add("", "", "rank correlation", "0.93", percent(found["spearman"], 2))
        report.add("", "", "90 % intervals cover (%)", "85-95", percent(found["coverage_90_percent"]))
    report.notes.append("On the TX2 only sums over blocks were measured, which the reference's recipe cannot learn from: its figures "
                        "there are of the single layers among them.")


def ablation(program, report):
    for part in (None, *PARTS):
        more = ["--estimator", "physical"] + (["--without", part] if part else [])
        details, blocks = engines_of(program, *more), evaluate(program, TX2, "shape", *more)["targets"]
        mape = [percent(blocks[target]["by_kind"][WEIGHTED]["mape_percent"]) for target in ("run_time", "energy")]
        report.ablation.append((part or "nothing: all parts", percent(column(details, "rmspe_percent")),
                                percent(column(details, "sum_error_percent", True)), *mape))
        print(" | ".join(report.ablation[-1]), flush=True)


def desktop(program, folder, report):
    engines = os.environ.get("ENGINES", ROOT.parent / "shared/data/engines")
    if not pathlib.Path(engines).is_dir():
        report.notes.append("Left out: recorded desktop engines (ENGINES names no folder).")
        return
    for chain, goal in (("torch_trt", "20"), ("torch_onnx_trt", "30")):
        raw = folder / chain / "raw_data"
        for network in ("alexnet", "resnet18"):
            to = raw / network / "trt_profiling"
            to.mkdir(parents=True)
            for name in ("trt_engine_info.json", "trt_layer_latency.json"):
                shutil.copy(pathlib.Path(engines) / f"desktop_{chain}_{network}" / name, to)
        prepared, training = folder / chain / "preprocessed_data", folder / chain / "training_data"
        run(program, "attribute", raw, "--out", prepared, "--quiet")
        run(program, "convert", prepared, "--out", training, "--quiet")
        found = evaluate(program, training, "network")["targets"]["run_time"]
        layers = found["by_kind"][WEIGHTED]
        report.add(f"desktop GPU, {chain}", "one of two networks", "run time of convolutions and dense layers: RMSPE (%)", goal,
                   percent(layers["rmspe_percent"]), layers)
        report.add("", "", "network sum: largest error (%)", "15", percent(found["network_sum_error_percent"]["max"]))


def family(network):
    return re.match("[a-z]+", network).group(0)


def write_families(training):
    networks = sorted(table.parent.name for table in training.glob("*/layers.csv"))
    table = training.parent / "families.csv"
    table.write_text("network,family\n" + "".join(f"{name},{family(name)}\n" for name in networks))
    return table


class Truth:
    """Held-out families beside what the simulator knows: each is predicted by models of the others."""

    def __init__(self, program, board):
        self.power, self.covered, self.energy = [], [], []
        training = board / "training_data"
        networks = sorted(table.parent.name for table in training.glob("*/layers.csv"))
        for held in sorted({family(name) for name in networks}):
            out, models = [name for name in networks if family(name) == held], board / f"without_{held}"
            run(program, "train", training, "--out", models, "--estimator", "physical", "--test-networks", ",".join(out), "--quiet", "--jobs", "1")
            for name in out:
                said = json.loads(run(program, "predict", training / name / "layers.csv", "--models", models, "--json", "-", "--quiet"))
                self.take(said, board / "truth" / f"{name}.csv")

    def take(self, said, table):
        with open(table, newline="") as file:
            truth = {row["layer_name"]: row for row in csv.DictReader(file)}
        total = 0.0
        for layer in said["layers"]:
            known = truth.get(layer["layer_name"])
            if not known or float(known["run_time_ms"]) <= 0.0:
                continue
            power, found = float(known["power_w"]), layer["power_w"]
            self.power.append((found["value"] / power - 1.0, float(known["energy_mj"])))
            self.covered.append(found["low"] <= power <= found["high"])
            total += float(known["energy_mj"])
        self.energy.append(abs(said["network"]["energy_mj"]["value"] / total - 1.0))

    def figures(self):
        weight = sum(energy for _, energy in self.power)
        return {"power_rmspe": 100.0 * math.sqrt(statistics.fmean(e * e for e, _ in self.power)),
                "weighted": 100.0 * math.sqrt(sum(e * e * w for e, w in self.power) / weight),
                "coverage": 100.0 * statistics.fmean(self.covered), "energy_median": 100.0 * statistics.median(self.energy)}


def simulated(program, folder, report):
    def board(key):
        scenario, seed = key
        to = folder / f"{scenario}{seed}"
        alone = ("--quiet", "--jobs", "1")
        run(program, "simulate", "--out", to / "raw_data", "--truth", to / "truth", "--scenario", scenario, "--seed", seed,
            "--cycles", CYCLES, *alone)
        run(program, "attribute", to / "raw_data", "--out", to / "preprocessed_data", *alone)
        run(program, "convert", to / "preprocessed_data", "--out", to / "training_data", *alone)
        shutil.rmtree(to / "raw_data")
        families = write_families(to / "training_data")
        found = evaluate(program, to / "training_data", "family", "--jobs", "1", "--families", families)["targets"]
        found["truth"] = Truth(program, to).figures()
        found["physics"] = json.loads((to / "truth" / "truth.json").read_text())["physics"]
        return found

    keys = [(scenario, seed) for scenario in SCENARIOS for seed in SEEDS]
    found = dict(zip(keys, all_of(board, keys)))
    for scenario in SCENARIOS:
        kept = [found[scenario, seed] for seed in SEEDS]
        began = time.monotonic()
        evaluate(program, folder / f"{scenario}{SEEDS[0]}" / "training_data", "family", "--estimator", "physical")
        seconds = time.monotonic() - began
        pick = lambda target, name: mean(targets[target][name] for targets in kept)
        name = f"simulated board '{scenario}', {len(kept)} seeds, 20 networks, {CYCLES} cycles"
        for target, goal in (("run_time", "-"), ("power", "12")):
            beside = {key: pick(target, key) for key in
                      ("naive_rmspe_percent", "lasso_rmspe_percent", "relative_lasso_rmspe_percent")}
            report.add(name, "families", f"{target} of a layer: RMSPE (%)", goal, percent(pick(target, "rmspe_percent")), beside)
            report.add("", "", "90 % intervals cover (%)", "85-95", percent(pick(target, "coverage_90_percent")))
        report.add("", "", "energy of a network: median error (%)", "5",
                   percent(mean(t["energy"]["network_sum_error_percent"]["median"] for t in kept)))
        report.add("", "", "all layers' powers beside the truth: RMSPE (%)", "12", percent(pick("truth", "power_rmspe")))
        report.add("", "", "the same, weighted by their energies (%)", "-", percent(pick("truth", "weighted")))
        report.add("", "", "90 % intervals cover the true power (%)", "85-95", percent(pick("truth", "coverage")))
        report.add("", "", "energy of a network beside the truth: median error (%)", "5", percent(pick("truth", "energy_median")))
        report.add("", "", "nested evaluation of 20 networks (s)", "5", percent(seconds))
    drawn = [f"{scenario} {seed} {100.0 * physics['power_spread']:.0f} % (law {physics['law']})"
             for (scenario, seed), physics in ((key, found[key]["physics"]) for key in keys)]
    report.notes.append("A simulated layer's power is a law of its work, drawn for each board, times a factor of its shape's own, which nothing tells "
                        "beforehand; its standard deviation is: " + "; ".join(drawn) + ".")


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    report = Report()
    boards(program, report)
    desktop(program, folder, report)
    simulated(program, folder, report)
    ablation(program, report)
    print(f"{time.monotonic() - began:.0f} s")
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[3]).write_text(
            "# Accuracy on what was held out\nWritten by `make accuracy`. Everything that training chooses is chosen again without what is held "
            "out; a shape is a layer's sizes. Powers and energies of simulated boards are compared with what attribution made of the logs (the layers that "
            "it resolved), and, where it says so, with the truth (all layers). The "
            "measured boards were looked at while the model was made, so that their figures flatter it.\n\n" + report.table(report.rows) +
            "\n\n" + "\n\n".join(report.notes) + "\n\n## What each part of the model is worth\n" + report.table(report.ablation) + "\n")


if __name__ == "__main__":
    main()
