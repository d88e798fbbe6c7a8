"""Evidently on the rows of a prediction log: the figures that a Pawprint report has for all rows together.

Answers each line {"log": PATH} with {"seconds", "version", "figures"}: reading the rows included, the start of
Python and its imports not.
"""

import json
import sqlite3
import sys
import time

import evidently
import numpy as np
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.metrics import Accuracy, ValueDrift

QUERY = """select statistics, confidence, label,
  (select label from feedback f where f.request_id = p.request_id and f.position = p.position
   order by f.time_ms desc, f.feedback_id desc limit 1)
  from predictions p order by time_ms, row_id"""


def read(path):
    database = sqlite3.connect(path)
    (text,) = database.execute("select reference from logged_models limit 1").fetchone()
    reference = json.loads(text)
    labels = json.loads(database.execute("select labels from logged_models limit 1").fetchone()[0])
    rows = database.execute(QUERY).fetchall()
    names = list(reference["sample"]["statistics"])
    values = np.frombuffer(b"".join(row[0] for row in rows), dtype="<f4").reshape(len(rows), -1)[:, 1:]
    current = pd.DataFrame(values, columns=names)
    current["confidence"] = [row[1] for row in rows]
    current["label"] = [row[2] for row in rows]
    current["target"] = [row[3] for row in rows]
    sample = reference["sample"]
    before = pd.DataFrame(sample["statistics"])
    before["confidence"] = sample["confidences"]
    before["label"] = [labels[at] for at in sample["answers"]]
    before["target"] = [labels[at] for at in sample["targets"]]
    return current, before, names + ["confidence"], labels


def measure(path):
    current, before, columns, labels = read(path)
    plain = DataDefinition(numerical_columns=columns, categorical_columns=["label"])
    drift = Report(
        [ValueDrift(column=column, method=method) for column in columns for method in ("ks", "psi")]
        + [ValueDrift(column="label", method="jensenshannon")]
    ).run(Dataset.from_pandas(current, data_definition=plain), Dataset.from_pandas(before, data_definition=plain))
    judged = DataDefinition(
        categorical_columns=["label", "target"],
        classification=[BinaryClassification(target="target", prediction_labels="label", pos_label=labels[0])],
    )
    labelled = current[current["target"].notna()]
    quality = Report([Accuracy()]).run(Dataset.from_pandas(labelled, data_definition=judged))
    figures = {one["metric_name"]: float(one["value"]) for report in (drift, quality) for one in report.dict()["metrics"]}
    return {"rows": len(current), "labelled": len(labelled), "figures": figures}


for line in sys.stdin:
    started = time.perf_counter()
    answer = measure(json.loads(line)["log"])
    answer["seconds"] = time.perf_counter() - started
    answer["version"] = evidently.__version__
    print(json.dumps(answer), flush=True)
