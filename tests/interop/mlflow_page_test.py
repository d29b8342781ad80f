"""The pages of a real MLflow server, as a browser shows them: mlflow_page_test.py PROGRAM [FOLDER]

A training is recorded, its pages are opened in a headless Chromium, and what a user shall see there must stand in the text that
was rendered. With FOLDER the pages are kept there as pictures, for people to look at. Skipped (77) where there is no Chromium.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from mlflow_server import CLEAN, Server, end_group, scratch_folder

PROGRAM = os.path.abspath(sys.argv[1])
PICTURES = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
EXPERIMENT = "pages"
MODEL = "convolutional_power_model"


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    print("skipped: there is no Chromium (Debian: apt-get install chromium)", file=sys.stderr)
    sys.exit(77)


CHROMIUM = browser()


def chromium(scratch, url, *words):
    """The page loads its parts bit by bit: time goes by quicker for it, until a minute has passed or nothing is left to do."""
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={scratch}/chromium",
               "--window-size=1600,1400", "--virtual-time-budget=60000", *words, url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=CLEAN | {"HOME": str(scratch)}, start_new_session=True)
    try:
        return process.communicate(timeout=180)[0]
    except subprocess.TimeoutExpired:
        print(f"Chromium does not come to an end with {url}", flush=True)
        return ""
    finally:
        end_group(process)


def call(server, name, body=None, **query):
    address = f"{server.url}/api/2.0/mlflow/{name}" + ("?" + urllib.parse.urlencode(query) if query else "")
    request = urllib.request.Request(address, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request).read())


def record_training(server, scratch):
    def joulecast(*words):
        subprocess.run([PROGRAM, *map(str, words)], check=True, env=CLEAN, stderr=subprocess.DEVNULL)

    joulecast("simulate", "--out", scratch / "raw", "--truth", scratch / "truth", "--scenario", "demo", "--networks",
              "lenet,alexnet,resnet18,squeezenet1_0,vgg11,vgg16,googlenet,mobilenet_v2", "--cycles", "200", "--quiet")
    joulecast("dataset", scratch / "raw", "--out", scratch, "--method", "window", "--quiet")
    joulecast("train", scratch / "training_data", "--out", scratch / "models", "--estimator", "lasso", "--test-networks", "lenet,vgg16,resnet18", "--track", server.url,
              "--experiment", EXPERIMENT, "--strict", "--quiet")


def pages_of(server):
    """Name, address, and what must be seen."""
    experiment = call(server, "experiments/get-by-name", experiment_name=EXPERIMENT)["experiment"]["experiment_id"]
    runs = call(server, "runs/search", {"experiment_ids": [experiment], "max_results": 100})["runs"]
    run = next(run for run in runs if run["info"]["run_name"] == MODEL)
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    of_run = f"{server.url}/#/experiments/{experiment}/runs/{run['info']['run_id']}"
    model = run.get("outputs", {}).get("model_outputs", [{}])[0].get("model_id")
    yield "run", of_run, [MODEL, "testing_r2_score", "train_num_cnn_models", "lasso__tol", "Finished", f"{metrics['training_rows']:g}"]
    yield "runs", f"{server.url}/#/experiments/{experiment}/runs", ["training of pages"]
    yield "artifacts", of_run + "/artifacts", [MODEL, "evaluation.json", "vgg16_convolutional_power_prediction.png"]
    yield "registered", f"{server.url}/#/models/{MODEL}", [MODEL, "champion", "Version 1"]
    if model:
        yield "models", f"{server.url}/#/experiments/{experiment}/models", [MODEL, "dense_runtime_model"]
        yield "model", f"{server.url}/#/experiments/{experiment}/models/{model}", [MODEL, "testing_r2_score", model]


def main():
    with scratch_folder("joulecast_pages_") as scratch:
        server = Server(scratch / "server")
        record_training(server, scratch)
        missing = []
        for name, url, words in pages_of(server):
            for _ in range(3):  # a busy machine may be slower than the page's patience
                text = chromium(scratch, url, "--dump-dom")
                lost = [word for word in words if word not in text]
                if not lost:
                    break
                time.sleep(2)
            missing += [f"{name} ({url}) does not show {word}" for word in lost]
            if PICTURES:
                PICTURES.mkdir(parents=True, exist_ok=True)
                chromium(scratch, url, f"--screenshot={PICTURES / name}.png")
            print(f"{name}: {len(words) - len(lost)} of {len(words)} seen", flush=True)
        server.stop()
        sys.exit("\n".join(missing) or 0)


main()
