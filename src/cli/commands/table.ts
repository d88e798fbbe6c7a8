/** The table of commands: a row is all that is loaded of a command before it is asked for. */
import type { CommandEntry } from "../frame/command.ts";

export const commands: readonly CommandEntry[] = [
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
    name: "data fetch",
    summary: "download a public set of pictures from its publisher",
    load: () => import("./data/fetch.ts"),
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
    name: "evaluate",
    summary: "evaluate a bundle on labelled pictures",
    load: () => import("./model/evaluate.ts"),
  },
  {
    name: "predict",
    summary: "classify pictures with a bundle",
    load: () => import("./model/predict.ts"),
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
    summary: "call every public route of a running service and check the answers",
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
    name: "errors",
    summary: "look up an error code, or list them all",
    load: () => import("./errors.ts"),
  },
];
