"""A training that waits in a spool, logged with MLflow's own client: log_training.py MODELS/.tracking-spool/KEY URI

The same content as `joulecast track resume MODELS --track URI` sends, so that the two can be timed beside each other. The record
stays where it is. Prints the seconds from the first request to the last; starting Python and importing mlflow comes on top.
"""
import json
import pathlib
import sys
import time

began_all = time.monotonic()
import mlflow  # noqa: E402
from mlflow.entities import Metric, Param, RunTag  # noqa: E402  (the import is timed)
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402

folder, uri = pathlib.Path(sys.argv[1]), sys.argv[2]
record = json.loads((folder / "record.json").read_text())
mlflow.set_tracking_uri(uri)  # 2.x asks there where artifacts are
client = MlflowClient(uri)
began = time.monotonic()
experiment = client.get_experiment_by_name(record["experiment"])
experiment_id = experiment.experiment_id if experiment else client.create_experiment(record["experiment"])
parent = None
for number, content in enumerate(record["runs"]):
    tags = dict(content["tags"])
    if parent:
        tags["mlflow.parentRunId"] = parent
    run = client.create_run(experiment_id, start_time=record["start_ms"], tags=tags, run_name=content["name"]).info
    parent = parent or run.run_id
    params = [Param(key, value) for key, value in content["params"]]
    metrics = [Metric(key, float(value), record["end_ms"], step) for key, value, step in content["metrics"]]
    # In batches of the server's limits, as log_params and log_metrics make them.
    room = 1000 - len(params)
    client.log_batch(run.run_id, metrics=metrics[:room], params=params, tags=[RunTag("peer", "python")])
    for at in range(room, len(metrics), 1000):
        client.log_batch(run.run_id, metrics=metrics[at:at + 1000])
    client.log_artifacts(run.run_id, str(folder / str(number)))
    if "registration" in content:
        name = content["registration"]["name"]
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        version = client.create_model_version(name, f"{run.artifact_uri}/model", run.run_id, description=content["registration"]["description"])
        client.set_registered_model_alias(name, "champion", version.version)
    client.set_terminated(run.run_id, end_time=record["end_ms"])
print(f"{time.monotonic() - began:.2f} s for {len(record['runs'])} runs, {time.monotonic() - began_all:.2f} s with the import")
