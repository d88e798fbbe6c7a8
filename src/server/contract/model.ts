/** Routes that say what serves, and show pictures to try it with. */
import { Type } from "typebox";
import { defineRoute } from "./route.ts";

const Facts = Type.Record(Type.String(), Type.Unknown());

/** One bundle in service, or one that was refused. */
export const VersionState = Type.Object(
  {
    version: Type.String(),
    role: Type.Union([Type.Literal("champion"), Type.Literal("canary"), Type.Literal("challenger")]),
    state: Type.Union([Type.Literal("serving"), Type.Literal("loading"), Type.Literal("refused")]),
    source: Type.String({ description: "where the bundle was read from" }),
    since: Type.String({ description: "ISO 8601" }),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  },
  { title: "VersionState", additionalProperties: false },
);

export const ModelDescription = Type.Object(
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
    architecture: Facts,
    lineage: Facts,
    evaluation: Facts,
    limits: Type.Object({
      body_bytes: Type.Integer(),
      batch: Type.Integer({ description: "pictures in one request" }),
      pixels: Type.Integer({ description: "of one picture, before it is resized" }),
      deadline_ms: Type.Integer(),
    }),
    versions: Type.Array(VersionState),
    canary_percent: Type.Optional(Type.Number()),
    shadow: Type.Optional(
      Type.Object({
        compared: Type.Integer(),
        same_label: Type.Integer(),
        skipped: Type.Integer({ description: "left out because the service was busy" }),
        mean_difference: Type.Number({ description: "of the champion's confidence, absolute" }),
      }),
    ),
  },
  { title: "ModelDescription", additionalProperties: false },
);

export const model = defineRoute({
  id: "model",
  method: "GET",
  path: "/model",
  group: "model",
  summary: "the model that serves: labels, recipe, lineage, figures, limits, and the state of its versions",
  scope: "open",
  errorForm: "pawprint",
  answers: { 200: { doc: "the model", content: { "application/json": ModelDescription } } },
  errors: ["NOT_READY"],
});

export const samples = defineRoute({
  id: "samples",
  method: "GET",
  path: "/samples",
  group: "model",
  summary: "pictures to try the service with",
  scope: "open",
  errorForm: "pawprint",
  answers: {
    200: {
      doc: "none where the service was given no folder of samples",
      content: {
        "application/json": Type.Object({
          samples: Type.Array(Type.Object({ name: Type.String(), label: Type.String(), url: Type.String() })),
        }),
      },
    },
  },
  errors: [],
});

export const sample = defineRoute({
  id: "sample",
  method: "GET",
  path: "/samples/{index}",
  group: "model",
  summary: "one of those pictures",
  scope: "open",
  errorForm: "pawprint",
  params: Type.Object({ index: Type.Integer({ minimum: 0 }) }),
  answers: { 200: { doc: "the file", content: { "image/*": { binary: true, doc: "a picture file" } } } },
  errors: ["FILE_NOT_FOUND"],
});
