"""Inputs and peers for tools/bench.py: made once, kept in the build folder."""
import filecmp
import gzip
import json
import os
import pathlib
import platform
import shutil
import subprocess

VENVS = ("scikit_learn_1_5", "scikit_learn_newest", "lasso_libraries")
# Folder, rows that need it, arguments of `joulecast simulate`: 300 MB and 3 GB of latency log, and the network of 30,000 cycles x 60 layers.
LOGS = (
    ("network", (), ["--plain-layers", "60", "--cycles", "30000"]),
    ("log_300mb", ("latency_300mb", "latency_limit"), ["--plain-layers", "60", "--cycles", "54500"]),
    ("log_3gb", ("latency_3gb",), ["--plain-layers", "300", "--cycles", "109000"]),
    ("engines", (), ["--cycles", "50"]),
)


def quietly(*command, **more):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)


def prepare(places, wanted):
    for venv in VENVS:
        install(places, venv)
    for name, rows, arguments in LOGS:
        folder = places.data / name
        if folder.exists() or (rows and wanted and not set(rows) & set(wanted)):
            continue
        print(f"making {folder} ...", flush=True)
        quietly(places.program, "simulate", "--out", places.data / f"{name}.part", "--truth", places.data / f"{name}.truth", *arguments)
        (places.data / f"{name}.part").rename(folder)
    pre, models = places.data / "preprocessed", places.data / "models"
    if not pre.exists():
        quietly(places.program, "attribute", "--method", "window", places.network, "--out", pre, "--quiet")
    if not models.exists() and places.golden.exists():
        quietly(places.program, "train", places.training, "--out", models, "--quiet")
        quietly(places.python("scikit_learn_1_5"), places.peers / "train.py", places.training, places.data / "peer_models")
    physical = places.data / "physical"
    if not physical.exists():
        run = places.data / "physical.part"
        quietly(places.program, "simulate", "--scenario", "demo", "--cycles", "3000", "--out", run / "raw", "--truth", run / "truth")
        for command in (["attribute", "--method", "window", run / "raw", "--out", run / "pre"], ["convert", run / "pre", "--out", run / "rows"],
                        ["train", run / "rows", "--estimator", "physical", "--out", physical]):
            quietly(places.program, *command, "--quiet")
        shutil.rmtree(run)
    for target in ("power", "runtime"):
        problem = places.problem(target)
        if not problem.exists() and places.golden.exists():
            quietly(places.python("scikit_learn_newest"), places.peers / "lasso_paths.py", "dump", places.training, "convolutional", target, problem)


def install(places, venv):
    """A virtual environment with exactly the versions and files of the lock."""
    folder = places.build / "peers" / venv
    mark = folder / "complete"
    lock = places.peers / "locks" / f"{venv}.txt"
    if mark.exists() and mark.read_text() == lock.read_text():
        return
    print(f"installing {venv} ...", flush=True)
    quietly("python3", "-m", "venv", folder)
    quietly(folder / "bin" / "pip", "install", "-q", "--require-hashes", "-r", lock)
    mark.write_text(lock.read_text())


def check_peers(places):
    """The peers' files against the reference's golden ones, byte for byte, and the models' alphas and predictions."""
    golden, work = places.golden, places.data / "check"
    python = places.python("scikit_learn_1_5")
    quietly(python, places.peers / "map_power.py", golden / "raw_data", work / "preprocessed")
    quietly(python, places.peers / "convert_measurements.py", work / "preprocessed", work / "training")
    quietly(python, places.peers / "train.py", places.training, work / "models")
    equal, faults = 0, []
    for path in sorted((golden / "preprocessed_data").glob("*/*.csv*")):
        mine = work / "preprocessed" / path.parent.name / path.name.removesuffix(".gz")
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        same = mine.exists() and mine.read_bytes() == text
        equal, faults = equal + same, faults + ([] if same else [str(mine)])
    for path in sorted((golden / "training_data").glob("*/*.csv")):
        mine = work / "training" / path.relative_to(golden / "training_data")
        same = mine.exists() and filecmp.cmp(mine, path, shallow=False)
        equal, faults = equal + same, faults + ([] if same else [str(mine)])
    largest = 0.0
    for name, fit in json.loads((work / "models" / "metrics.json").read_text()).items():
        expected = json.loads((golden / "fits" / "large" / f"{name}_compat.json").read_text())
        same = (fit["alpha_index"], fit["n_iter"]) == (expected["alpha_index"], expected["n_iter"])
        equal, faults = equal + same, faults + ([] if same else [name])
        for network, values in fit["test_pred"].items():
            for a, b in zip(values, expected["test_pred"][network]):
                largest = max(largest, abs(a - b) / abs(b))
    print(f"peers against the golden files: {equal} equal, {len(faults)} not; largest relative difference of a prediction {largest:.1e}")
    for fault in faults:
        print(f"  differs: {fault}")
    return 1 if faults or largest > 1e-9 else 0


def machine():
    model = ""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    return {"processor": model, "cores": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()[0]}
