#!/usr/bin/env python3
"""How well the models predict what they have not seen: accuracy.py PROGRAM FOLDER [REPORT]

Trains and evaluates from scratch on the measured boards in examples/boards, on the engines of ENGINES (a folder of recorded
engines, in the environment; left out, visibly, if unset) and on simulated boards. Prints the table, and writes it to REPORT.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOARDS = ROOT / "examples/boards"
WEIGHTED = "convolutional+dense"


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def evaluate(program, training, group):
    return json.loads(run(program, "evaluate", training, "--group", group, "--json", "-", "--quiet"))


def percent(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def mean(values):
    values = [value for value in values if value is not None]
    return statistics.fmean(values) if values else None


class Report:
    def __init__(self):
        self.rows = [("data", "held out", "figure", "goal", "here", "mean of the kind", "reference's lasso")]
        self.notes = []

    def add(self, *cells):
        self.rows.append(cells)
        print(" | ".join(cells), flush=True)

    def text(self):
        lines = ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join([lines[0], "|" + "---|" * len(self.rows[0]), *lines[1:]])


def boards(program, report):
    details = []
    for table in sorted(BOARDS.glob("*/*/layers.csv")):
        if table.parent.parent.name == "jetson-tx2":
            continue
        found = evaluate(program, table.parent, "shape")["targets"]["run_time"]["by_kind"].get(WEIGHTED)
        if found and found["layers"] >= 20:
            details.append((f"{table.parent.parent.name}/{table.parent.name}", found))
    column = lambda name: mean(found[name] for _, found in details)
    what = f"run time of convolutions and dense layers, mean of {len(details)} engines"
    report.add("GPUs, each engine by itself", "shapes, 10 folds", f"{what}: RMSPE (%)", "12", percent(column("rmspe_percent")),
               percent(column("naive_rmspe_percent")), percent(column("lasso_rmspe_percent")))
    report.add("", "", "error of the sum (%), mean of sizes", "3", percent(mean(abs(f["sum_error_percent"]) for _, f in details)), "", "")
    report.add("", "", "90 % intervals cover (%)", "85-95", percent(column("coverage_90_percent")), "", "")
    report.notes.append("Engine by engine, RMSPE and error of the sum (%): " + "; ".join(
        f"{name} {percent(f['rmspe_percent'])}, {percent(f['sum_error_percent'])}" for name, f in details) + ".")
    blocks = evaluate(program, BOARDS / "jetson-tx2", "shape")["targets"]
    for target, rank in (("run_time", "0.93"), ("energy", "0.93")):
        found = blocks[target]["by_kind"][WEIGHTED]
        report.add("Jetson TX2, FBNet blocks", "input and output sizes, 10 folds", f"{target}: MAPE (%)", "9",
                   percent(found["mape_percent"]), "", "")
        report.add("", "", "rank correlation", rank, percent(found["spearman"], 2), "", "")
        report.add("", "", "90 % intervals cover (%)", "85-95", percent(found["coverage_90_percent"]), "", "")


def desktop(program, folder, report):
    engines = os.environ.get("ENGINES")
    if not engines:
        report.notes.append("Left out: recorded desktop engines (ENGINES is not set).")
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
                   percent(layers["rmspe_percent"]), percent(layers["naive_rmspe_percent"]), percent(layers["lasso_rmspe_percent"]))
        report.add("", "", "network sum: largest error (%)", "15", percent(found["network_sum_error_percent"]["max"]), "", "")


def simulated(program, folder, report, seeds, cycles):
    kept = []
    for seed in seeds:
        to = folder / f"seed{seed}"
        run(program, "simulate", "--out", to / "raw_data", "--truth", to / "truth", "--seed", seed, "--cycles", cycles, "--quiet")
        run(program, "attribute", to / "raw_data", "--out", to / "preprocessed_data", "--quiet")
        run(program, "convert", to / "preprocessed_data", "--out", to / "training_data", "--quiet")
        began = time.monotonic()
        kept.append((evaluate(program, to / "training_data", "family")["targets"], time.monotonic() - began))
        shutil.rmtree(to)
    pick = lambda target, name: mean(targets[target][name] for targets, _ in kept)
    name = f"simulated board, {len(kept)} seeds, 20 networks"
    for target, goal in (("run_time", "-"), ("power", "12")):
        report.add(name, "families", f"{target} of a layer: RMSPE (%)", goal, percent(pick(target, "rmspe_percent")),
                   percent(pick(target, "naive_rmspe_percent")), percent(pick(target, "lasso_rmspe_percent")))
        report.add("", "", "90 % intervals cover (%)", "85-95", percent(pick(target, "coverage_90_percent")), "", "")
    report.add("", "", "energy of a network: median error (%)", "5",
               percent(mean(t["energy"]["network_sum_error_percent"]["median"] for t, _ in kept)), "", "")
    report.notes.append(f"Evaluation of 20 networks with the lasso beside it: {max(seconds for _, seconds in kept):.1f} s.")


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = Report()
    boards(program, report)
    desktop(program, folder, report)
    simulated(program, folder, report, (9001, 9002), 3000)
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[3]).write_text(
            "# Accuracy on what was held out\nWritten by `make accuracy`. Everything that training chooses is chosen again without what is held "
            "out; a shape is a layer's sizes.\n\n" + report.text() + "\n\n" + "\n\n".join(report.notes) + "\n")


if __name__ == "__main__":
    main()
