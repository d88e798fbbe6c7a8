/** What can be set about tracking: the section `tracking` of the configuration. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../base/freeze.ts";

const Text = { minLength: 1 };

/** Names and passwords are not here: they come from the environment alone (`tracking-access.ts`). */
export const trackingConfigSchema = Type.Object({
  enabled: Type.Boolean({ default: true, description: "record trainings and evaluations as runs" }),
  trackingUri: Type.Optional(
    Type.String({
      ...Text,
      description: "folder or MLflow server (http://, https://) for runs and models; MLFLOW_TRACKING_URI, else runs/",
    }),
  ),
  experiment: Type.Optional(
    Type.String({ ...Text, description: "experiment of new runs; MLFLOW_EXPERIMENT_NAME, else the data's name" }),
  ),
  runName: Type.Optional(Type.String({ ...Text, description: "name of the run; the bundle's unless given" })),
  tags: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'tags of the run: {"team":"pets"}' })),
  parentRun: Type.Optional(Type.String({ ...Text, description: "id of the run that this one is a part of" })),
  metricSteps: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10,
    description: "steps between two logged values of the step's loss",
  }),
  logCheckpoints: Type.Boolean({ default: false, description: "log checkpoints as artifacts of the run" }),
  trackingCaFile: Type.Optional(
    Type.String({ ...Text, description: "certificates (PEM) that the server's is checked with" }),
  ),
  trackingTimeoutMs: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: 600_000,
      description: "time for one answer of the server; MLFLOW_HTTP_REQUEST_TIMEOUT (seconds), else 30 s",
    }),
  ),
});

export type TrackingConfig = DeepReadonly<Static<typeof trackingConfigSchema>>;
