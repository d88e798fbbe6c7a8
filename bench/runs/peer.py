"""The peer of bench:runs: MLflow's Python client. Answers each JSON line with what one call took."""

import json
import os
import sys
import time

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402


def fill(task):
    """Rows of runs into the tables of MLflow's own SQL store, many in one statement."""
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(task["uri"], task["artifacts"])
    experiment = int(store.create_experiment("bench"))
    with open(task["file"], encoding="utf8") as lines, store.ManagedSessionMaker() as session:
        rows = {kind: [] for kind in (SqlRun, SqlParam, SqlTag, SqlMetric, SqlLatestMetric)}
        for line in lines:
            run = json.loads(line)
            run_id = run["id"]
            rows[SqlRun].append(
                dict(
                    run_uuid=run_id,
                    name=run["name"],
                    source_type="LOCAL",
                    source_name="",
                    entry_point_name="",
                    user_id="bench",
                    status="FINISHED",
                    start_time=run["startedMs"],
                    end_time=run["startedMs"] + 1000,
                    source_version="",
                    lifecycle_stage="active",
                    artifact_uri=f"{task['artifacts']}/{run_id}",
                    experiment_id=experiment,
                )
            )
            rows[SqlParam] += [dict(run_uuid=run_id, key=k, value=v) for k, v in run["params"].items()]
            rows[SqlTag] += [dict(run_uuid=run_id, key=k, value=v) for k, v in run["tags"].items()]
            for key, values in run["metrics"].items():
                points = [
                    dict(run_uuid=run_id, key=key, value=v, step=step, timestamp=run["startedMs"] + step, is_nan=False)
                    for step, v in enumerate(values, 1)
                ]
                rows[SqlMetric] += points
                rows[SqlLatestMetric].append(points[-1])
        for kind, mappings in rows.items():
            session.bulk_insert_mappings(kind, mappings)


def everything(client):
    return [experiment.experiment_id for experiment in client.search_experiments()]


def found(client, task):
    runs, token = [], None
    while True:
        page = client.search_runs(
            everything(client), task.get("filter", ""), ViewType.ACTIVE_ONLY, max_results=5000, page_token=token
        )
        runs += page
        token = page.token
        if not token:
            return len(runs)


def compared(client, task):
    points = 0
    for run_id in task["ids"]:
        for key in client.get_run(run_id).data.metrics:
            points += len(client.get_metric_history(run_id, key))
    return points


def logged(client, task):
    run_id = client.create_run(everything(client)[0]).info.run_id
    with mlflow.start_run(run_id=run_id):
        start = time.perf_counter()
        for step in range(task["points"]):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        return time.perf_counter() - start


def answer(task):
    if task["work"] == "version":
        return {"version": mlflow.__version__}
    if task["work"] == "fill":
        fill(task)
        return {}
    mlflow.set_tracking_uri(task["uri"])
    client = MlflowClient()
    if task["work"] == "log":
        return {"seconds": logged(client, task)}
    start = time.perf_counter()
    count = compared(client, task) if task["work"] == "compare" else found(client, task)
    return {"seconds": time.perf_counter() - start, "count": count}


def main():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
