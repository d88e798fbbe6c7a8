"""Answers, a line of JSON each, what dvc reads and writes. Values are tagged: see dvc-formats.ts."""

import json
import sys

from dvc.utils import dict_md5
from dvc.utils.collections import apply_diff
from dvc.utils.serialize import dumps_yaml, parse_yaml, parse_yaml_for_update


def value_of(tagged):
    if isinstance(tagged, list):
        return [value_of(one) for one in tagged]
    if not isinstance(tagged, dict):
        return tagged
    if "int" in tagged:
        return int(tagged["int"])
    if "float" in tagged:
        return float(tagged["float"])
    return {value_of(key): value_of(value) for key, value in tagged["map"]}


def tagged_of(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"map": [[tagged_of(key), tagged_of(one)] for key, one in value.items()]}
    if isinstance(value, list):
        return [tagged_of(one) for one in value]
    raise TypeError(type(value).__name__)


def edited(text, new):
    data = parse_yaml_for_update(text, "x.dvc")
    apply_diff(new, data)
    return dumps_yaml(data)


def locked(text, stages):
    data = parse_yaml_for_update(text, "dvc.lock") if text else {}
    if not data:
        data.update({"schema": "2.0"})
    data["stages"] = data.get("stages", {})
    for name, stage in stages.items():
        data["stages"].update({name: stage})
    return dumps_yaml(data)


def without(text, name):
    data = parse_yaml(text, "dvc.yaml", typ="rt")
    del data["stages"][name]
    return dumps_yaml(data) if data["stages"] else None


def answer(what, *given):
    if what == "load":
        return tagged_of(parse_yaml(given[0], "x", typ="safe"))
    if what == "dump":
        return dumps_yaml(value_of(given[0]))
    if what == "edit":
        return edited(given[0], value_of(given[1]))
    if what == "lock":
        return locked(given[0], value_of(given[1]))
    if what == "without":
        return without(given[0], given[1])
    if what == "json":
        return json.dumps(value_of(given[0]), sort_keys=True)
    if what == "md5":
        return dict_md5(value_of(given[0]))
    raise ValueError(what)


for line in sys.stdin:
    try:
        result = {"value": answer(*json.loads(line))}
    except Exception as error:  # noqa: BLE001
        result = {"error": type(error).__name__ + ": " + str(error)[:300]}
    print(json.dumps(result), flush=True)
