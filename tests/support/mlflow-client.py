"""Reads or changes runs in a folder or on a server with MLflow's own client: dump | write | change | search STORE."""

import json
import math
import sys
from pathlib import Path

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag, ViewType

root = sys.argv[2]
uri = root if root.startswith("http") else Path(root).absolute().as_uri()
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient(uri)
store = client._tracking_client.store


def number(value):
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def points(history):
    return [[number(point.value), point.timestamp, point.step] for point in history]


def files(owner, folder=None):
    found = {}
    for entry in owner.list_artifacts(folder):
        if entry.is_dir:
            found |= files(owner, entry.path)
        else:
            found[entry.path] = Path(owner.download_artifacts(entry.path)).read_text()
    return found


def artifacts(uri):
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return files(get_artifact_repository(uri))


def dump_run(run):
    return {
        "name": run.info.run_name,
        "experiment": run.info.experiment_id,
        "status": run.info.status,
        "lifecycle": run.info.lifecycle_stage,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "user": run.info.user_id,
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: number(value) for key, value in run.data.metrics.items()},
        "metrics": {key: points(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics},
        "inputs": sorted(
            [i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema, i.dataset.profile]
            + [{tag.key: tag.value for tag in i.tags}]
            for i in run.inputs.dataset_inputs
        ),
        "models": sorted(output.model_id for output in run.outputs.model_outputs),
        "artifacts": artifacts(run.info.artifact_uri),
    }


def dump_model(model):
    return {
        "name": model.name,
        "status": model.status.value,
        "run": model.source_run_id,
        "experiment": model.experiment_id,
        "tags": model.tags,
        "params": model.params,
        "metrics": sorted([m.key, number(m.value), m.step, m.run_id] for m in model.metrics or []),
        "artifacts": artifacts(model.artifact_location),
    }


def dump():
    """Of the experiment whose name is on stdin, else of all."""
    wanted = json.load(sys.stdin)
    experiments = client.search_experiments(view_type=ViewType.ALL)
    experiments = [one for one in experiments if wanted in (None, one.name)]
    ids = [one.experiment_id for one in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL)
    models = client.search_logged_models(ids)
    json.dump(
        {
            "experiments": {one.experiment_id: [one.name, one.lifecycle_stage, one.tags] for one in experiments},
            "runs": {run.info.run_id: dump_run(client.get_run(run.info.run_id)) for run in runs},
            "models": {model.model_id: dump_model(model) for model in models},
        },
        sys.stdout,
    )


def write():
    client.set_experiment_tag("0", "of/experiment", "größer")
    client.create_experiment("empty")
    deleted = client.create_experiment("deleted")
    client.delete_experiment(deleted)
    experiment = client.create_experiment("it: #1 \"größe\"")
    run = client.create_run(experiment, start_time=1_700_000_000_000, run_name="1e34", tags={"t": "v", "a/b": "x\ny"})
    id = run.info.run_id
    metrics = [Metric("val/loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(30)]
    metrics += [Metric("nan", math.nan, 1, 0), Metric("inf", math.inf, 1, 0), Metric("ninf", -math.inf, 1, -3)]
    metrics += [Metric("tiny", 5e-324, 1, 0), Metric("big", 1e300, 1, 0), Metric("back", 2, 9, 1), Metric("back", 1, 5, 7)]
    client.log_batch(id, metrics, [Param("lr", "0.1"), Param("net/depth", "3"), Param("empty", ""), Param("n", "null")])
    dataset = Dataset("cats: 'x'", "0edc593b", "code", '{"uri": "a: b #c"}', "schema " * 40, None)
    client.log_inputs(id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training"), InputTag("k", "true")])])
    client.log_text(id, "hello", "notes/größer.txt")
    model = client.create_logged_model(experiment, "model", id, tags={"a": "1"}, params={"p": "2"})
    client.log_outputs(id, [LoggedModelOutput(model.model_id, 2)])
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(id, "of model", 0.5, model_id=model.model_id, step=4)
    client.set_terminated(id, "FINISHED", 1_700_000_009_000)
    gone = client.create_run(experiment, run_name="gone")
    client.log_metric(gone.info.run_id, "acc", 0.1)
    client.set_terminated(gone.info.run_id, "FAILED")
    client.delete_run(gone.info.run_id)
    client.create_run("0")


def change():
    """What MLflow rewrites in a folder that another program wrote."""
    [run] = client.search_runs([one.experiment_id for one in client.search_experiments()], "run_name = 'changed'")
    id = run.info.run_id
    client.log_batch(id, [Metric("val/loss", 0.125, 5, 100)], [Param("added", "1")], [RunTag("added", "2")])
    client.update_run(id, name="changed by MLflow")
    client.set_terminated(id, "KILLED", 1_700_000_010_000)
    client.delete_run(id)
    client.restore_run(id)
    client.set_terminated(id, "FINISHED", 1_700_000_011_000)
    client.rename_experiment(run.info.experiment_id, "renamed by MLflow")


def search():
    """Reads [filter, order] pairs from stdin; gives the ids that each finds, or the error."""
    ids = [one.experiment_id for one in client.search_experiments()]
    answers = []
    for filter, order in json.load(sys.stdin):
        try:
            answers.append([run.info.run_id for run in client.search_runs(ids, filter, order_by=order)])
        except mlflow.MlflowException as error:
            answers.append("INVALID" if error.error_code == "INVALID_PARAMETER_VALUE" else str(error))
    json.dump(answers, sys.stdout)


{"dump": dump, "write": write, "change": change, "search": search}[sys.argv[1]]()
