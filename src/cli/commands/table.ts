/** The table of commands: a row is all that is loaded of a command before it is asked for. */
import type { CommandEntry } from "../frame/command.ts";

export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "make the folder of a project of your own: pipeline, tests, README",
    load: () => import("./project/init.ts"),
  },
  {
    name: "quickstart",
    summary: "train, evaluate and serve a classifier, on drawn sample pictures or your own",
    load: () => import("./training/quickstart.ts"),
  },
  {
    name: "train",
    summary: "train a classifier on labelled pictures and write it as a bundle",
    load: () => import("./training/train.ts"),
  },
  {
    name: "find-rate",
    summary: "find a learning rate for the data and the network",
    load: () => import("./training/find-rate.ts"),
  },
  {
    name: "sweep",
    summary: "search training settings at random or by successive halving",
    load: () => import("./training/sweep.ts"),
  },
  {
    name: "sweep render",
    summary: "write a sweep as a Kubernetes Job, a pod for each trial",
    load: () => import("./training/sweep/render.ts"),
  },
  {
    name: "sweep collect",
    summary: "rank the results that a sweep's pods left",
    load: () => import("./training/sweep/collect.ts"),
  },
  {
    name: "backbone list",
    summary: "list public pretrained models, and those that were fetched",
    load: () => import("./backbone/list.ts"),
  },
  {
    name: "backbone fetch",
    summary: "download a pretrained model, checked by its SHA-256, with its side-car file",
    load: () => import("./backbone/fetch.ts"),
  },
  {
    name: "backbone inspect",
    summary: "show a model's layers, blocks and candidates for features",
    load: () => import("./backbone/inspect.ts"),
  },
  {
    name: "data fetch",
    summary: "fetch data versions into the cache, or a public set of pictures",
    load: () => import("./data/fetch.ts"),
  },
  {
    name: "data samples",
    summary: "draw sample pictures of cats and dogs, to try everything offline",
    load: () => import("./data/samples.ts"),
  },
  {
    name: "data import",
    summary: "copy labelled pictures from any source into a folder",
    load: () => import("./data/import.ts"),
  },
  {
    name: "data check",
    summary: "find faults in labelled pictures, and move them to quarantine",
    load: () => import("./data/check.ts"),
  },
  {
    name: "data stats",
    summary: "show classes, sizes, formats and colours of labelled pictures",
    load: () => import("./data/stats.ts"),
  },
  {
    name: "data restore",
    summary: "restore pictures that data check moved to quarantine",
    load: () => import("./data/restore.ts"),
  },
  {
    name: "data preview",
    summary: "write a contact sheet of augmented training pictures",
    load: () => import("./data/preview.ts"),
  },
  {
    name: "data pack",
    summary: "decode and resize pictures once, into a folder that train takes",
    load: () => import("./data/pack.ts"),
  },
  {
    name: "data push",
    summary: "send data versions from the cache to a remote",
    load: () => import("./data/push.ts"),
  },
  {
    name: "data pull",
    summary: "fetch data versions from a remote and check them out",
    load: () => import("./data/pull.ts"),
  },
  {
    name: "data gc",
    summary: "remove content that no data version names any more",
    load: () => import("./data/gc.ts"),
  },
  {
    name: "data import-url",
    summary: "bring data from an address under version, and remember the address",
    load: () => import("./data/import-url.ts"),
  },
  {
    name: "data init",
    summary: "make a DVC repository for data versions",
    load: () => import("./data/init.ts"),
  },
  {
    name: "data add",
    summary: "put files and folders under version",
    load: () => import("./data/add.ts"),
  },
  {
    name: "data status",
    summary: "show what differs from the data versions that are recorded",
    load: () => import("./data/status.ts"),
  },
  {
    name: "data diff",
    summary: "show pictures added, removed and relabelled between two data versions",
    load: () => import("./data/diff.ts"),
  },
  {
    name: "data commit",
    summary: "record data that changed",
    load: () => import("./data/commit.ts"),
  },
  {
    name: "data checkout",
    summary: "bring the work tree to the versions that are recorded",
    load: () => import("./data/checkout.ts"),
  },
  {
    name: "data remove",
    summary: "stop tracking data",
    load: () => import("./data/remove.ts"),
  },
  {
    name: "data remote add",
    summary: "add a place that data versions are pushed to",
    load: () => import("./data/remote/add.ts"),
  },
  {
    name: "data remote list",
    summary: "show where data versions are pushed to",
    load: () => import("./data/remote/list.ts"),
  },
  {
    name: "data remote remove",
    summary: "forget a remote",
    load: () => import("./data/remote/remove.ts"),
  },
  {
    name: "data remote default",
    summary: "choose the remote that is meant where none is named",
    load: () => import("./data/remote/default.ts"),
  },
  {
    name: "repro",
    summary: "run the stages of a pipeline that are not up to date",
    load: () => import("./pipeline/repro.ts"),
  },
  {
    name: "dag",
    summary: "draw the graph of a pipeline's stages and data",
    load: () => import("./pipeline/dag.ts"),
  },
  {
    name: "metrics show",
    summary: "show the metrics of pipelines",
    load: () => import("./pipeline/metrics/show.ts"),
  },
  {
    name: "metrics diff",
    summary: "show how metrics changed between two versions",
    load: () => import("./pipeline/metrics/diff.ts"),
  },
  {
    name: "params show",
    summary: "show the parameters of pipelines",
    load: () => import("./pipeline/params/show.ts"),
  },
  {
    name: "params diff",
    summary: "show how parameters changed between two versions",
    load: () => import("./pipeline/params/diff.ts"),
  },
  {
    name: "plots show",
    summary: "draw the plots of pipelines",
    load: () => import("./pipeline/plots/show.ts"),
  },
  {
    name: "plots diff",
    summary: "draw plots of several versions over each other",
    load: () => import("./pipeline/plots/diff.ts"),
  },
  {
    name: "evaluate",
    summary: "evaluate a bundle on labelled pictures",
    load: () => import("./model/evaluate.ts"),
  },
  {
    name: "quantize",
    summary: "make a faster bundle of 8 bits, with calibration pictures",
    load: () => import("./model/quantize.ts"),
  },
  {
    name: "predict",
    summary: "classify pictures with a bundle",
    load: () => import("./model/predict.ts"),
  },
  {
    name: "batch",
    summary: "predict every picture of a source into a file, resumable and in shards",
    load: () => import("./model/batch.ts"),
  },
  {
    name: "explain",
    summary: "draw heat maps of the evidence for a class in pictures",
    load: () => import("./model/explain.ts"),
  },
  {
    name: "inspect",
    summary: "show a bundle's metadata: labels, recipe, lineage, evaluation",
    load: () => import("./model/inspect.ts"),
  },
  {
    name: "monitor report",
    summary: "what a service answered: accuracy by labels, drift, canary and challenger beside the champion",
    load: () => import("./monitor/report.ts"),
  },
  {
    name: "monitor watch",
    summary: "look again and again, and tell of alarms by a signed webhook",
    load: () => import("./monitor/watch.ts"),
  },
  {
    name: "monitor reference",
    summary: "make what predictions are compared with, for a bundle that has none",
    load: () => import("./monitor/reference.ts"),
  },
  {
    name: "monitor label",
    summary: "say what pictures in the prediction log really are, from a CSV file",
    load: () => import("./monitor/label.ts"),
  },
  {
    name: "monitor export",
    summary: "write kept pictures as a dataset: labelled, wrong, uncertain or drifting ones",
    load: () => import("./monitor/export.ts"),
  },
  {
    name: "monitor forget",
    summary: "remove what a service kept of one request: predictions, feedback, pictures",
    load: () => import("./monitor/forget.ts"),
  },
  {
    name: "runs list",
    summary: "list the runs of a folder or an MLflow server",
    load: () => import("./runs/list.ts"),
  },
  {
    name: "runs show",
    summary: "show all that a run recorded",
    load: () => import("./runs/show.ts"),
  },
  {
    name: "runs search",
    summary: "find runs with MLflow's filter language",
    load: () => import("./runs/search.ts"),
  },
  {
    name: "runs compare",
    summary: "show in what runs differ, as a table, a chart and a page",
    load: () => import("./runs/compare.ts"),
  },
  {
    name: "runs export",
    summary: "copy runs into a folder of MLflow's layout, or write them as tables",
    load: () => import("./runs/export.ts"),
  },
  {
    name: "runs push",
    summary: "deliver runs to an MLflow server, or copy them between any two places",
    load: () => import("./runs/push.ts"),
  },
  {
    name: "runs watch",
    summary: "follow a running training",
    load: () => import("./runs/watch.ts"),
  },
  {
    name: "runs delete",
    summary: "delete runs, so that they can be restored",
    load: () => import("./runs/delete.ts"),
  },
  {
    name: "runs restore",
    summary: "restore deleted runs",
    load: () => import("./runs/restore.ts"),
  },
  {
    name: "models list",
    summary: "show the registered models of a folder or an MLflow server",
    load: () => import("./models/list.ts"),
  },
  {
    name: "models show",
    summary: "show a registered model and its versions",
    load: () => import("./models/show.ts"),
  },
  {
    name: "models register",
    summary: "register a bundle as a version of a model",
    load: () => import("./models/register.ts"),
  },
  {
    name: "models describe",
    summary: "describe a registered model or a version",
    load: () => import("./models/describe.ts"),
  },
  {
    name: "models tag",
    summary: "set and remove tags of a version",
    load: () => import("./models/tag.ts"),
  },
  {
    name: "models promote",
    summary: "move an alias to a version that passes its gates",
    load: () => import("./models/promote.ts"),
  },
  {
    name: "models rollback",
    summary: "move an alias back to the version before",
    load: () => import("./models/rollback.ts"),
  },
  {
    name: "models history",
    summary: "show who moved a model's aliases, when and why",
    load: () => import("./models/history.ts"),
  },
  {
    name: "models lineage",
    summary: "show where a model comes from: bundle, run, commit, splits, pictures",
    load: () => import("./models/lineage.ts"),
  },
  {
    name: "models card",
    summary: "write a model card, and bring one up to date",
    load: () => import("./models/card.ts"),
  },
  {
    name: "trace",
    summary: "show where the bundles of a running service come from",
    load: () => import("./trace.ts"),
  },
  {
    name: "serve",
    summary: "serve a bundle's predictions over HTTP",
    load: () => import("./service/serve.ts"),
  },
  {
    name: "health",
    summary: "ask a running service whether it is ready",
    load: () => import("./service/health.ts"),
  },
  {
    name: "smoke",
    summary: "call every public route of a running service and check answers and code",
    load: () => import("./service/smoke.ts"),
  },
  {
    name: "keys create",
    summary: "make an API key for a service",
    load: () => import("./keys/create.ts"),
  },
  {
    name: "keys list",
    summary: "show the API keys of a file",
    load: () => import("./keys/list.ts"),
  },
  {
    name: "keys revoke",
    summary: "revoke an API key",
    load: () => import("./keys/revoke.ts"),
  },
  {
    name: "version",
    summary: "show which code runs: version, commit, image, Node.js",
    load: () => import("./version.ts"),
  },
  {
    name: "errors",
    summary: "look up an error code, or list them all",
    load: () => import("./errors.ts"),
  },
];
