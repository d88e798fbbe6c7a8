"""Answers, a line of JSON each, which stages dvc reads in a folder. Values are tagged: see dvc-formats.ts."""

import json
import math
import os
import sys

from dvc.commands import dag
from dvc.dependency import ParamsDependency
from dvc.repo import Repo


def tagged_of(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"map": [[tagged_of(key), tagged_of(one)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        return [tagged_of(one) for one in value]
    raise TypeError(type(value).__name__)


def output_of(out):
    return {
        "path": out.def_path,
        "kind": "metric" if out.metric else "plot" if out.plot or out.plot == {} else "out",
        "isCached": out.use_cache,
        "isPersistent": out.persist,
        "isPushed": out.can_push,
        "remote": out.remote,
        "plot": tagged_of(out.plot) if isinstance(out.plot, dict) else None,
    }


def values_of(dep):
    try:
        return tagged_of(dep.read_params()) if dep.exists else None
    except Exception as error:  # noqa: BLE001
        return "error " + type(error).__name__


def stage_of(stage, root):
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    folder = os.path.relpath(stage.wdir, root)
    lines = stage.cmd if isinstance(stage.cmd, list) else [stage.cmd]
    if not all(isinstance(line, str) for line in lines):
        raise TypeError("dvc reads such a command, and fails to run it")
    return {
        "name": stage.name,
        "workFolder": "" if folder == "." else folder,
        "cmd": stage.cmd,
        "deps": [dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)],
        "params": [[dep.def_path, list(dict.fromkeys(dep.params))] for dep in params],
        "values": [[dep.def_path, values_of(dep)] for dep in params],
        "outs": [output_of(out) for out in stage.outs],
        "isFrozen": bool(stage.frozen),
        "alwaysChanged": bool(stage.always_changed),
        "description": stage.desc if isinstance(stage.desc, str) else None,
    }


def plain_of(value):
    """As JSON: NaN and infinities as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): plain_of(one) for key, one in value.items()}
    return [plain_of(one) for one in value] if isinstance(value, (list, tuple)) else value


def shown(result):
    """What could be read."""
    return {
        rev: {file: plain_of(one["data"]) for file, one in of["data"].items() if "data" in one}
        for rev, of in result.items()
    }


def dag_of(repo, outs):
    graph = dag._build(repo, outs=outs)
    return {"nodes": sorted(graph.nodes), "edges": sorted([to, of] for of, to in graph.edges)}


def answer(what, folder, *given):
    with Repo(folder) as repo:
        if what == "metrics":
            return plain_of(repo.metrics.diff(*given).get("diff", {}))
        if what == "params":
            return plain_of(repo.params.diff(*given).get("diff", {}))
        if what == "metrics show":
            return shown(repo.metrics.show(revs=given or None))
        if what == "params show":
            return shown(repo.params.show(revs=given or None))
        if what == "dag":
            return dag_of(repo, given[0])
        if what == "mermaid":
            return dag._show_mermaid(dag._build(repo))
        if what == "stages":
            return [stage_of(stage, repo.root_dir) for stage in repo.index.stages]
        if what == "graph":
            return sorted([one.addressing, other.addressing] for one, other in repo.index.graph.edges)
    raise ValueError(what)


for line in sys.stdin:
    try:
        what, folder, *given = json.loads(line)
        os.chdir(folder)
        result = {"value": answer(what, folder, *given)}
    except Exception as error:  # noqa: BLE001
        result = {"error": type(error).__name__ + ": " + str(error)[:300]}
    print(json.dumps(result), flush=True)
