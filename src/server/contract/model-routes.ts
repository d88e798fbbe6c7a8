/** Routes that say what serves, and show pictures to try it with. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";
import { defineRoutes } from "./route.ts";

/**
 * champion answers; canary answers a share of the requests instead; challenger answers beside the
 * champion, and its answers are only compared.
 */
export const modelRoles = ["champion", "canary", "challenger"] as const;
export type ModelRole = (typeof modelRoles)[number];

/** One bundle in service, or the newest one of a source that was refused. */
export const VersionState = Type.Object(
  {
    version: Type.String(),
    role: literals(modelRoles),
    state: literals(["serving", "loading", "refused"]),
    source: Type.String({ description: "where the bundle was read from" }),
    since: Type.String({ description: "ISO 8601" }),
    sha256: Type.Optional(Type.String({ description: "of the bundle's bytes" })),
    run_id: Type.Optional(Type.String({ description: "of its training" })),
    dataset_hash: Type.Optional(Type.String({ description: "of the pictures that it was trained from" })),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  },
  { title: "VersionState", additionalProperties: false },
);
export type VersionState = DeepReadonly<Static<typeof VersionState>>;

const Facts = Type.Record(Type.String(), Type.Unknown());

/** Where a bundle comes from; of data and pipeline what it was told. */
export const ModelLineage = Type.Object({
  runId: Type.String(),
  datasetHash: Type.String(),
  source: Type.String(),
  createdAt: Type.String({ description: "ISO 8601" }),
  seed: Type.Number(),
  gitCommit: Type.Optional(Type.String()),
  data: Type.Optional(
    Type.Object({
      md5: Type.String({ description: "of the version of the data that the pictures were of" }),
      path: Type.String(),
      file: Type.String(),
      commit: Type.Optional(Type.String()),
      isClean: Type.Boolean(),
    }),
  ),
  pipeline: Type.Optional(Type.Object({ stage: Type.String(), lock: Type.Optional(Type.String()) })),
  backbone: Type.Optional(
    Type.Object({
      name: Type.String(),
      sha256: Type.String({ description: "of the pretrained model that the network was made of" }),
      layer: Type.String(),
      licence: Type.Optional(Type.String()),
      source: Type.Optional(Type.String()),
    }),
  ),
});

const ModelDescription = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    sha256: Type.String({ description: "of the bundle's bytes" }),
    labels: Type.Array(Type.String()),
    recipe: Type.Object({
      width: Type.Integer(),
      height: Type.Integer(),
      channels: Type.Integer(),
      fit: Type.String(),
      kernel: Type.String(),
    }),
    architecture: Type.Object({ name: Type.String(), options: Facts }),
    lineage: ModelLineage,
    evaluation: Facts,
    limits: Type.Object({
      body_bytes: Type.Integer(),
      batch: Type.Integer({ description: "pictures in one request" }),
      pixels: Type.Integer({ description: "of one picture, before it is resized" }),
      deadline_ms: Type.Integer(),
    }),
    takes_feedback: Type.Boolean({ description: "whether it keeps a prediction log, so that POST /feedback answers" }),
    versions: Type.Array(VersionState),
    canary_percent: Type.Optional(Type.Number()),
    shadow: Type.Optional(
      Type.Object({
        compared: Type.Integer(),
        same_label: Type.Integer(),
        skipped: Type.Integer({ description: "left out because the service was busy, or unfit for the challenger" }),
        failed: Type.Integer({ description: "the challenger failed to answer" }),
        mean_difference: Type.Number({ description: "of the probability of the champion's label, absolute" }),
      }),
    ),
  },
  { title: "ModelDescription", additionalProperties: false },
);

const Samples = Type.Object({
  samples: Type.Array(Type.Object({ name: Type.String(), label: Type.String(), url: Type.String() })),
});

export const modelRoutes = defineRoutes(
  { group: "model", scope: "open", errorForm: "pawprint" },
  {
    model: {
      summary: "the served model: labels, recipe, lineage, evaluation, limits, versions",
      answers: { 200: { doc: "the model", content: { "application/json": ModelDescription } } },
      errors: ["NOT_READY"],
    },
    samples: {
      summary: "pictures to try the service with",
      answers: {
        200: {
          doc: "none where the service was given no folder of samples",
          content: { "application/json": Samples },
        },
      },
    },
    sample: {
      summary: "one of those pictures",
      params: Type.Object({ index: Type.Integer({ minimum: 0 }) }),
      answers: { 200: { doc: "the file", content: { "image/*": { binary: true, doc: "a picture file" } } } },
      errors: ["FILE_NOT_FOUND"],
    },
  },
);
