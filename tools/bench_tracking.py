#!/usr/bin/env python3
"""bench_tracking.py PROGRAM PYTHON...: how long logging a training takes beside MLflow's own client.

PYTHON is that of an environment with MLflow (tests/interop/make_venv.sh). With each one a server is started on this machine, and
the same record, six models with 18 figures, is sent by `joulecast track resume` and by bench/peers/log_training.py, in turns.
Of BENCH_PAIRS (7) pairs: medians of the client's CPU and wall time, and the least, median and greatest ratio. The server is the
same for both and shares the cores with them. The client's CPU is that of its process; importing mlflow is told apart.
"""
import json
import os
import pathlib
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "interop"))
from mlflow_server import CLEAN, Server  # noqa: E402

NETWORKS = "lenet,alexnet,resnet18,squeezenet1_0,vgg11,vgg16,googlenet,mobilenet_v2"
HELD_OUT = "lenet,vgg16,resnet18"
NOBODY = "http://127.0.0.1:9"


def run(command, **variables):
    began = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=CLEAN | variables)
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: exit code {process.returncode}\n{told}")
    return {"wall_s": time.monotonic() - began, "cpu_s": usage.ru_utime + usage.ru_stime, "told": told}


def spooled_training(program, scratch):
    """A models folder whose record waits for a server."""
    run([program, "simulate", "--out", scratch / "raw", "--truth", scratch / "truth", "--scenario", "demo", "--networks", NETWORKS, "--cycles", "200", "--quiet"])
    run([program, "dataset", scratch / "raw", "--out", scratch, "--method", "window", "--quiet"])
    models = scratch / "models"
    run([program, "train", scratch / "training_data", "--out", models, "--estimator", "lasso", "--test-networks", HELD_OUT, "--track", NOBODY, "--quiet"],
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    return models


def as_new(models, copy):
    """A copy that was never tried: with the key of an earlier one everything would be found and nothing sent."""
    shutil.copytree(models, copy)
    old = next((copy / ".tracking-spool").iterdir())
    new = old.with_name(secrets.token_hex(16))
    old.rename(new)
    (new / "attempted").unlink()
    (new / "record.json").write_text((new / "record.json").read_text().replace(old.name, new.name))
    return copy


def record_of(models):
    return json.loads(next((models / ".tracking-spool").glob("*/record.json")).read_text())


def contents(models):
    record = record_of(models)
    runs = record["runs"]
    figures = sum(path.endswith(".png") for one in runs for path in one["artifacts"])
    return f"{len(runs)} runs, {sum(len(one['artifacts']) for one in runs)} files, of them {figures} figures, " \
           f"{sum(len(one['metrics']) for one in runs)} values of metrics"


def runs_at(url):
    """How many runs there are, so that neither side is quick by leaving something out."""
    ask = urllib.request.Request(url + "/api/2.0/mlflow/runs/search", json.dumps({"experiment_ids": ["1"], "max_results": 1000}).encode(),
                                 {"Content-Type": "application/json"})
    return len([run for run in json.loads(urllib.request.urlopen(ask).read()).get("runs", []) if run["info"]["status"] == "FINISHED"])


def pair(program, python, models, url, scratch, warm=True):
    ours = as_new(models, scratch / "ours")
    runs = len(record_of(models)["runs"])
    before = runs_at(url) if warm else 0
    one = run([program, "track", "resume", ours, "--track", url])
    assert not (ours / ".tracking-spool").exists(), "not all was sent"
    shutil.rmtree(ours)
    record = next((models / ".tracking-spool").glob("*"))
    other = run([python, SOURCE / "bench" / "peers" / "log_training.py", record, url], MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    assert runs_at(url) == before + 2 * runs, f"{runs_at(url) - before} runs arrived, not 2 x {runs}"
    other["sending_s"] = float(re.search(r"([\d.]+) s for", other["told"]).group(1))
    return one, other


def ratio(values):
    return "{:.3g} / {:.3g} / {:.3g}".format(min(values), statistics.median(values), max(values))


def bench(program, python, models, scratch):
    version = run([python, "-c", "import mlflow; print(mlflow.__version__)"])["told"].strip().splitlines()[-1]
    server = Server(scratch / f"server-{version}", python=python)
    pair(program, python, models, server.url, scratch, warm=False)  # files into the cache, tables into the database
    pairs = [pair(program, python, models, server.url, scratch) for _ in range(int(os.environ.get("BENCH_PAIRS", "7")))]
    server.stop()
    print(f"MLflow {version}, {len(pairs)} pairs{'joulecast':>22}{'Python client':>16}   ratio: least / median / greatest")
    for what, key, of in (("wall time, whole process", "wall_s", "wall_s"), ("wall time, its import left out", "wall_s", "sending_s"),
                          ("CPU time of the client", "cpu_s", "cpu_s")):
        ours, theirs = [a[key] for a, _ in pairs], [b[of] for _, b in pairs]
        print(f"  {what:<32}{statistics.median(ours):>11.3f} s{statistics.median(theirs):>14.3f} s   "
              f"{ratio([t / o for o, t in zip(ours, theirs)])}", flush=True)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="joulecast_tracking_") as folder:
        scratch = pathlib.Path(folder)
        models = spooled_training(program, scratch)
        print(contents(models))
        for python in map(os.path.abspath, sys.argv[2:]):  # of an environment: its link must stay one
            bench(program, python, models, scratch)


main()
