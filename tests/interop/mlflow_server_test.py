"""joulecast against a real MLflow server, read back by MLflow's own Python client: mlflow_server_test.py PROGRAM [PART...]

Servers are started here, on free ports and in a folder of their own. What is compared with is the models folder that
the same training wrote, so nothing is stored in this file but names.
"""
import csv
import http.server
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import mlflow
import numpy
import pandas
from mlflow.tracking import MlflowClient

from mlflow_server import CLEAN, PASSWORD, Server, end_group, free_port, scratch_folder
from sklearn_models import FEATURES, good_pipelines, rows_of, target_of

PROGRAM = os.path.abspath(sys.argv[1])
MAJOR = int(mlflow.__version__.split(".")[0])
EXPERIMENT = "interop boards"
checks = 0


def check(truth, what):
    global checks
    checks += 1
    if not truth:
        raise AssertionError(what)


class LossyProxy:
    """Hands requests on to a server; the answer to one of them is lost."""

    def __init__(self, target, lost):
        proxy = self
        self.seen, self.lost = 0, lost

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "authorization")}
                request = urllib.request.Request(target + self.path, data=body or None, method=self.command, headers=headers)
                try:
                    with urllib.request.urlopen(request, timeout=60) as answer:
                        status, text = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    status, text = error.code, error.read()
                proxy.seen += 1
                if proxy.seen == proxy.lost:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def joulecast(*words, code=0, **variables):
    run = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, env=CLEAN | variables)
    check(run.returncode == code, f"{words}: exit code {run.returncode}, not {code}\n{run.stderr}")
    check(PASSWORD not in run.stderr + run.stdout, "a password was shown")
    return run.stderr


def spooled(models):
    return list((models / ".tracking-spool").glob("*/record.json"))


def close(a, b):
    return a == b or math.isclose(a, b, rel_tol=1e-15) or (math.isnan(a) and math.isnan(b))


def compare_run(client, run, model):
    """A run of a lasso against the model's entry in model.json."""
    fit, metrics, params = model["fit"], run.data.metrics, run.data.params
    names = {"rmspe_percent": "root_mean_squared_percentage_error", "rmse": "root_mean_squared_error", "mse": "mean_squared_error",
             "r2": "r2_score", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error"}
    for part, prefix in (("train_metrics", "training"), ("test_metrics", "testing")):
        for short, name in names.items():
            if fit[part] is not None and fit[part][short] is not None:
                check(close(metrics[f"{prefix}_{name}"], fit[part][short]), f"{run.info.run_name}: {prefix}_{name}")
    check(params["train_num_cnn_models"] == str(len(fit["train_networks"])), "train_num_cnn_models")
    check(params["test_num_cnn_models"] == str(len(fit["test_networks"])), "test_num_cnn_models")
    recipe = model["recipe"]
    check(params["lasso__positive"] == str(recipe["lasso"]["positive"]), "lasso__positive")
    check(float(params["lasso__tol"]) == recipe["lasso"]["tol"], "lasso__tol")
    check(int(params["lasso__n_alphas"]) == recipe["lasso"]["n_alphas"], "lasso__n_alphas")
    for key, values in (("cross_validation_mean_squared_error", fit["mean_mse"]), ("cross_validation_alpha", fit["alphas"])):
        history = sorted(client.get_metric_history(run.info.run_id, key), key=lambda m: m.step)
        check([m.step for m in history] == list(range(len(values))), f"{run.info.run_name}: steps of {key}")
        check(all(close(m.value, v) for m, v in zip(history, values)), f"{run.info.run_name}: {key}")


def children_of(runs, parent):
    return [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]


def search(client):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return list(client.search_runs([experiment.experiment_id], max_results=1000)) if experiment else []


def parents(runs):
    return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


def check_run_model(client, run, description, version):
    """The model as the run's page shows it: of MLflow 3 a logged model with the run's final metrics, else files of the run."""
    name = run.info.run_name
    check(description.run_id == run.info.run_id and description.utc_time_created.startswith("20"), f"{name}: MLmodel says whose it is")
    if MAJOR < 3:
        check("model" in {f.path for f in client.list_artifacts(run.info.run_id)}, f"{name}: its files")
        check(len(json.loads(run.data.tags["mlflow.log-model.history"])) == 1, f"{name}: the tag of the model")
        return
    outputs = run.outputs.model_outputs
    check(len(outputs) == 1 and version.source == f"models:/{outputs[0].model_id}" and outputs[0].model_id == description.model_id, f"{name}: one logged model")
    logged = client.get_logged_model(outputs[0].model_id)
    check(logged.status.value == "READY" and logged.name == name and logged.source_run_id == run.info.run_id, f"{name}: {logged}")
    values = {metric.key: metric.value for metric in logged.metrics}
    check(values and all(run.data.metrics[key] == value for key, value in values.items()), f"{name}: metrics of the model")
    check("training_rows" in values and not any(key.startswith("cross_validation") for key in values), f"{name}: {values}")
    check(len(mlflow.search_logged_models(experiment_ids=[run.info.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'")) == 1,
          f"{name}: found in the experiment's models")


def read_back(client, url, models):
    """Everything of the only training on the server against its models folder."""
    written = json.loads((models / "model.json").read_text())
    mlflow.set_tracking_uri(url)
    runs = search(client)
    check(len(parents(runs)) == 1, "one parent run")
    parent = parents(runs)[0]
    children = {run.info.run_name: run for run in children_of(runs, parent)}
    lassos = {f"{m['kind']}_{m['target']}{'_relative' if m['recipe'].get('relative') else ''}_model": m for m in written["models"]}
    check(lassos and set(lassos) <= set(children), f"a run a model: {sorted(children)}")
    check(len(children) == len(lassos) + len(written.get("physical", [])), "no other runs")
    for run in [parent, *children.values()]:
        check(run.info.status == "FINISHED" and run.info.end_time >= run.info.start_time > 1.7e12, f"{run.info.run_name}: status and times")
        check(run.data.tags["mlflow.source.type"] == "LOCAL" and run.data.tags["joulecast.data_hash"] == written["data_hash"], "tags")
    for name, model in lassos.items():
        compare_run(client, children[name], model)
        check("evaluation.json" in {f.path for f in client.list_artifacts(children[name].info.run_id)}, "files of a run")
    with tempfile.TemporaryDirectory() as folder:
        got = client.download_artifacts(parent.info.run_id, "model/model.json", folder)
        check(pathlib.Path(got).read_bytes() == (models / "model.json").read_bytes(), "model.json comes back")
        for name in children:
            version = client.get_model_version_by_alias(name, "champion")
            check(version.version in ("1", 1) and version.status == "READY" and version.run_id == children[name].info.run_id, f"version of {name}")
            files = pathlib.Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/1", dst_path=f"{folder}/{name}"))
            check((files / "model.json").exists(), f"files of {name}")
            check_run_model(client, children[name], mlflow.models.Model.load(str(files)), version)
    return parent


def lasso_figure(model, row):
    """The pipeline by its definition, and the sum of its terms' sizes."""
    terms = [model["intercept"]]
    for term in model["terms"]:
        special = term["column"] >= special_begin(model)
        value = 1.0
        for name in [] if term["term"] == "1" else term["term"].split("*"):
            value *= math.log1p(row[name]) if model["recipe"]["log_scale"] and not special else row[name]
        terms.append(term["coefficient"] * ((value - term["center"]) / term["scale"]))
    return math.fsum(terms), sum(map(abs, terms))


def special_begin(model):
    """Columns of a polynomial: all products of up to `degree` of the features and a one."""
    return math.comb(len(model["features"]) + model["recipe"]["degree"], model["recipe"]["degree"])


def check_lasso(name, loaded, model):
    check(loaded.metadata.signature.inputs.input_names() == model["features"], f"{name}: names of inputs")
    check(loaded.metadata.metadata["model"] == name and loaded.metadata.metadata["unit"] == model["unit"], f"{name}: metadata")
    random = numpy.random.default_rng(7)
    low, high = numpy.array(model["feature_min"]), numpy.array(model["feature_max"])
    doubles = pandas.DataFrame(random.uniform(low, 1.5 * high, (60, len(low))), columns=model["features"])
    whole = doubles.round().astype("int64")
    mixed = doubles.copy()
    mixed[model["features"][0]] = whole[model["features"][0]]
    for what, frame in (("doubles", doubles), ("whole", whole), ("mixed", mixed), ("reordered", whole[whole.columns[::-1]]), ("one row", whole[:1])):
        got = loaded.predict(frame)["power_w" if model["target"] == "power" else "run_time_ms"]
        check(got.shape == (len(frame),) and got.dtype == numpy.float64, f"{name}: form of the figures")
        for value, (_, row) in zip(got, frame.iterrows()):
            figure, size = lasso_figure(model, row)
            check(abs(value - figure) <= 1e-12 * max(abs(figure), 0.01 * size), f"{name} of {what}: {value}, not {figure}")


def check_physical(name, loaded, models, layers, scratch):
    """Its own folder of the models, so that no lasso takes part."""
    joulecast("predict", layers, "--models", models / name, "--terms", scratch / "terms.csv", "--out", scratch / "prediction.csv", "--quiet")
    frame = pandas.read_csv(scratch / "terms.csv")
    with open(scratch / "prediction.csv") as file:
        figures = [float(row["runtime_prediction" if "run_time" in name else "energy_mj"]) for row in csv.DictReader(file)]
    got = loaded.predict(frame)["run_time_ms" if "run_time" in name else "energy_mj"]
    check(len(got) == len(figures) > 5, f"{name}: a figure a layer")
    check(all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(got, figures)), f"{name}: {got} against {figures}")


def load_models(models, layers, scratch):
    """Registered models run by MLflow give joulecast's own figures."""
    written = json.loads((models / "model.json").read_text())
    for model in written["models"]:
        name = f"{model['kind']}_{model['target']}{'_relative' if model['recipe'].get('relative') else ''}_model"
        loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
        check_lasso(name, loaded, model)
        local = mlflow.pyfunc.load_model(str(models / name))
        example = mlflow.models.Model.load(str(models / name)).load_input_example(str(models / name))
        check(str(local.predict(example)) == str(loaded.predict(example)), f"{name}: the folder and the version")
    for physical in written["physical"]:
        name = f"physical_{physical['target']}_model"
        check_physical(name, mlflow.pyfunc.load_model(f"models:/{name}@champion"), models, layers, scratch)
    check(len(written["models"]) >= 6 and len(written["physical"]) == 2, "models of all sorts")
    files = joulecast("models", "pull", "models:/dense_power_model/1", "--out", scratch / "pulled", MLFLOW_TRACKING_URI=mlflow.get_tracking_uri())
    check("8 files" in files, files)
    joulecast("predict", layers, "--models", scratch / "pulled", "--quiet")
    joulecast("models", "pull", "--out", scratch / "six", MLFLOW_TRACKING_URI=mlflow.get_tracking_uri())
    joulecast("predict", layers, "--models", scratch / "six", "--quiet")


def serve_model(url, models, scratch):
    """`mlflow models serve` answers with the figures of the loaded model."""
    name, port = "convolutional_power_model", free_port()
    folder = models / name
    binary = pathlib.Path(sys.executable).parent
    with open(scratch / "serve.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(binary / "mlflow"), "models", "serve", "-m", f"models:/{name}/1", "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)],
            env=CLEAN | {"MLFLOW_TRACKING_URI": url, "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": f"{binary}:{os.environ['PATH']}"}, stdout=log, stderr=log,
            start_new_session=True)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2)
                break
            except OSError:
                check(process.poll() is None, "models serve ended:\n" + (scratch / "serve.log").read_text()[-3000:])
                time.sleep(0.5)
        model = [m for m in json.loads((models / "model.json").read_text())["models"] if f"{m['kind']}_{m['target']}_model" == name][0]
        example = json.loads((folder / "serving_input_example.json").read_text())
        whole = {"dataframe_split": {"columns": model["features"], "data": [[int(x) for x in row] for row in example["dataframe_split"]["data"]]}}
        records = {"dataframe_records": [dict(zip(model["features"], row)) for row in example["dataframe_split"]["data"]]}
        for body in (example, whole, records):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"})
            got = json.loads(urllib.request.urlopen(request, timeout=60).read())["predictions"]["power_w"]
            check(len(got) == 2, "a figure a row")
            for value, row in zip(got, example["dataframe_split"]["data"]):
                figure, size = lasso_figure(model, dict(zip(model["features"], row)))
                check(abs(value - figure) <= 1e-12 * max(abs(figure), 0.01 * size), f"served {value}, not {figure}")
    finally:
        end_group(process)


def run_in_spark(models):
    """As a function of Spark's, where there is a Spark and a Java."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        print("spark_udf was not tried: no pyspark")
        return
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    model = json.loads((models / "dense_power_model" / "model.json").read_text())["models"][0]
    rows = [tuple(int(x) for x in model["feature_min"]), tuple(int(x) for x in model["feature_max"])]
    function = mlflow.pyfunc.spark_udf(spark, "models:/dense_power_model/1", result_type="double", env_manager="local")
    frame = spark.createDataFrame(rows, model["features"])
    got = [row.y for row in frame.withColumn("y", function(*model["features"])).collect()]
    spark.stop()
    for value, row in zip(got, rows):
        figure, size = lasso_figure(model, dict(zip(model["features"], row)))
        check(abs(value - figure) <= 1e-12 * max(abs(figure), 0.01 * size), f"Spark says {value}, not {figure}")
    print("spark_udf gives the same figures")


def push_models(client, url, models, scratch):
    """Registered again without a training: version 2, of runs of their own."""
    moved = scratch / "moved"
    shutil.copytree(models, moved)
    before = len(search(client))
    joulecast("models", "push", moved, "--track", url, "--experiment", EXPERIMENT, "--promote", "always")
    check(not spooled(moved), "nothing waits")
    version = client.get_model_version_by_alias("dense_power_model", "champion")
    check(str(version.version) == "2", "the pushed model is champion")
    got = [mlflow.pyfunc.load_model(f"models:/dense_power_model/{v}").predict(pandas.DataFrame([[1, 64, 32]], columns=["batch_size", "input_size", "output_size"]))
           for v in (1, 2)]
    check(got[0] == got[1], "both versions are one model")
    pushed = [run for run in parents(search(client)) if run.info.run_id not in {version.run_id}]
    check(len(pushed) == 2 and len(search(client)) == 2 * before, "a second set of runs")


def train(training, models, url, *words, code=0, **variables):
    return joulecast("train", training, "--out", models, "--estimator", "lasso", "--test-networks", "lenet,vgg16", "--track", url,
                     "--experiment", EXPERIMENT, *words, code=code, **variables)


QUICK = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0.1"}


def plain_server(scratch, training):
    server = Server(scratch / "plain")
    client = MlflowClient(server.url)
    joulecast("train", training, "--out", scratch / "auto", "--test-networks", "lenet,vgg16", "--track", server.url, "--experiment", EXPERIMENT)
    check(not (scratch / "auto" / ".tracking-spool").exists(), "nothing waits")
    read_back(client, server.url, scratch / "auto")

    models = scratch / "models"
    errors = train(training, models, server.url, "--verbose")
    check("2 is not champion: held-out RMSPE" in errors, f"the same model is not better:\n{errors}")
    train(training, models, server.url, "--promote", "always")
    check(str(client.get_model_version_by_alias("dense_power_model", "champion").version) == "3", "--promote always")

    each = 1 + len(json.loads((models / "model.json").read_text())["models"])
    check(each == 7, "all six models")

    # A deleted experiment comes back; so does a server.
    client.delete_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id)
    train(training, models, server.url)
    check(client.get_experiment_by_name(EXPERIMENT).lifecycle_stage == "active", "the experiment is restored")
    before = len(search(client))
    server.stop()
    errors = train(training, models, server.url, **QUICK)
    check("does not answer" in errors and "track resume" in errors and len(spooled(models)) == 1, errors)
    train(training, models, server.url, "--strict", code=5, **QUICK)
    joulecast("track", "resume", models, code=5, **QUICK)
    server.start()
    began = time.monotonic()
    joulecast("track", "resume", models)
    print(f"two trainings of six models resumed in {time.monotonic() - began:.2f} s")
    check(len(search(client)) == before + 2 * each and not spooled(models), "both trainings arrived once")
    check("nothing waits" in joulecast("track", "resume", models), "nothing waits")
    check(len(search(client)) == before + 2 * each, "and only once")

    # Answers that get lost, wherever: the runs are there once, and each curve has each point once.
    for lost in (2, 3, 10, 11, 12, 14):
        proxy = LossyProxy(server.url, lost)
        count = len(search(client))
        train(training, models, proxy.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
        if spooled(models):
            joulecast("track", "resume", models)
        check(not spooled(models) and len(search(client)) == count + each, f"answer {lost} lost: {len(search(client)) - count} runs")
        newest = max(parents(search(client)), key=lambda run: run.info.start_time)
        written = json.loads((models / "model.json").read_text())
        children = {run.info.run_name: run for run in children_of(search(client), newest)}
        for model in written["models"]:
            compare_run(client, children[f"{model['kind']}_{model['target']}_model"], model)
        proxy.server.shutdown()
    server.stop()


def models_that_mlflow_runs(scratch, training):
    server = Server(scratch / "registry")
    client = MlflowClient(server.url)
    mlflow.set_tracking_uri(server.url)
    models = scratch / "registered"
    joulecast("train", training, "--out", models, "--test-networks", "lenet,vgg16", "--track", server.url, "--experiment", EXPERIMENT)
    load_models(models, training / "alexnet" / "layers.csv", scratch)
    serve_model(server.url, models, scratch)
    run_in_spark(models)
    push_models(client, server.url, models, scratch)
    server.stop()


def server_with_passwords(scratch, training):
    server = Server(scratch / "auth", auth=True)
    models = scratch / "auth_models"
    errors = train(training, models, server.url, **QUICK)
    check("MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in errors and len(spooled(models)) == 1, errors)
    errors = joulecast("track", "resume", models, code=6, **QUICK, MLFLOW_TRACKING_USERNAME="admin")
    check("Set MLFLOW_TRACKING_PASSWORD" in errors, errors)
    joulecast("track", "resume", models, code=6, **QUICK, MLFLOW_TRACKING_USERNAME="admin", MLFLOW_TRACKING_PASSWORD="wrong")
    joulecast("track", "resume", models, MLFLOW_TRACKING_USERNAME="admin", MLFLOW_TRACKING_PASSWORD=PASSWORD)
    os.environ.update(MLFLOW_TRACKING_USERNAME="admin", MLFLOW_TRACKING_PASSWORD=PASSWORD)
    read_back(MlflowClient(server.url), server.url, models)
    server.stop()


def models_of_theirs(scratch, training):
    """Pipelines of scikit-learn that MLflow's client has registered, in each format it has: pulled and predicted by us."""
    server = Server(scratch / "theirs")
    mlflow.set_tracking_uri(server.url)
    pipelines = {name: (kind, pipeline) for name, kind, pipeline, _ in good_pipelines()}
    random = numpy.random.default_rng(5)
    for name, form in (("cubic", "pickle"), ("cubic", "cloudpickle"), ("cubic", "skops"), ("reference_pooling", "cloudpickle"), ("reference_conv", "cloudpickle")):
        if form == "skops" and MAJOR < 3:
            continue
        kind, pipeline = pipelines[name]
        x = rows_of(kind, random, 80)
        pipeline.fit(x, target_of(x, random))
        for target, column in (("runtime", "runtime_prediction"), ("power", "power_prediction")):
            with mlflow.start_run():
                mlflow.sklearn.log_model(pipeline, "model", serialization_format=form, registered_model_name=f"{kind}_{target}_model")
            out = scratch / "theirs_pulled" / form / kind / target
            joulecast("models", "pull", f"models:/{kind}_{target}_model/latest", "--out", out, "--track", server.url)
            compared = 0
            for network in ("alexnet", "googlenet"):
                joulecast("predict", training / network / "layers.csv", "--models", out, "--out", scratch / "of_theirs.csv", "--quiet")
                with open(scratch / "of_theirs.csv") as file:
                    figures = {row["layer_name"]: float(row[column]) for row in csv.DictReader(file) if row["kind"] == kind}
                table = pandas.read_csv(training / network / f"{kind}.csv")
                for layer, figure in zip(table["layer_name"], pipeline.predict(table[FEATURES[kind]].to_numpy())):
                    check(math.isclose(figures[layer], figure, rel_tol=1e-9), f"{name} as {form}, {target}: {figures[layer]}, not {figure}")
                    compared += 1
            check(compared > 3, f"{name} as {form}: {compared} layers")
    server.stop()


def first_steps(scratch, training):
    """The commands with which docs/tracking.md begins, typed as they stand there."""
    root = pathlib.Path(__file__).resolve().parents[2]
    commands = (root / "docs" / "tracking.md").read_text().split("```sh\n")[1].split("```")[0].splitlines()
    check(commands[0].startswith("mlflow server --port 5000 &"), "the page starts a server")
    server = Server(scratch / "first")
    folder = scratch / "first_steps"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "joulecast").symlink_to(PROGRAM)
    (folder / "examples").symlink_to(root / "examples")
    script = "set -e\n" + "\n".join(commands[1:]).replace("http://localhost:5000", server.url)
    run = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True,
                         env=CLEAN | {"PATH": f"{folder}/bin:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / "cache")})
    check(run.returncode == 0, f"the page's commands: {run.stderr}")
    for words in (f"{server.url}/#/experiments/", "nothing waits in models", "files in energy"):
        check(words in run.stderr, f"'{words}' is not in {run.stderr}")
    check("physical" in run.stdout and "orin_resnet18" in run.stdout, run.stdout)
    for name, words in (("nothing/1", ("has no model 'nothing'", "It has: ", "physical_energy_model")),
                        ("physical_energy_model/7", ("has no version 7 of the model", "It has: version 1, @champion")),
                        ("physical_energy_model@best", ("has no alias 'best' of the model", "It has: version 1, @champion"))):
        errors = joulecast("models", "pull", f"models:/{name}", "--out", scratch / "none", "--track", server.url, code=5)
        check(all(word in errors for word in words), errors)
    train(training, scratch / "bob", server.url, "--device", "Bob's board")
    joulecast("models", "pull", "models:/joulecast-Bob's board/latest", "--out", scratch / "of_bob", "--track", server.url)
    server.stop()


PARTS = {"first": first_steps, "theirs": models_of_theirs, "tracking": plain_server, "models": models_that_mlflow_runs, "passwords": server_with_passwords}


def run_parts(scratch):
    joulecast("simulate", "--out", scratch / "raw_data", "--truth", scratch / "truth", "--scenario", "demo", "--networks",
              "lenet,alexnet,resnet18,squeezenet1_0,vgg11,vgg16,googlenet,mobilenet_v2", "--cycles", "200", "--quiet")
    joulecast("dataset", scratch / "raw_data", "--out", scratch, "--method", "window", "--quiet")
    for part in sys.argv[2:] or PARTS:
        PARTS[part](scratch, scratch / "training_data")


def main():
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with scratch_folder("joulecast_mlflow_") as scratch:
        try:
            run_parts(scratch)
        except BaseException:
            for log in scratch.glob("*/server.log"):
                print(f"{log}:\n{log.read_text()[-3000:]}", file=sys.stderr)
            raise
    print(f"MLflow {mlflow.__version__}: {checks} checks")


main()
