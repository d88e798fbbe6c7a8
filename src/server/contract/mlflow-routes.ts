/**
 * MLflow's scoring protocol, as `mlflow models serve` speaks it. Source:
 * https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally
 */
import { Type } from "typebox";
import { commitPattern, imageDigestPattern, tagPattern } from "../../base/build-info.ts";
import { examplePicture } from "./examples.ts";
import { pictureErrors } from "./picture-errors.ts";
import { defineRoutes } from "./route.ts";

const text = (doc: string) => ({ binary: true, doc }) as const;

const Cells = Type.Array(Type.Array(Type.Unknown()));

const InvocationsBody = Type.Object(
  {
    instances: Type.Optional(Type.Unknown({ description: "a list of pictures" })),
    inputs: Type.Optional(Type.Unknown({ description: 'a list of pictures, or {"pictures": list}' })),
    dataframe_split: Type.Optional(
      Type.Object({
        columns: Type.Optional(Type.Array(Type.Unknown())),
        index: Type.Optional(Type.Array(Type.Unknown())),
        data: Cells,
      }),
    ),
    dataframe_records: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
    params: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  {
    title: "InvocationsRequest",
    additionalProperties: false,
    examples: [{ instances: [examplePicture.base64] }],
    description: "exactly one of instances, inputs, dataframe_split (one column) and dataframe_records (one field)",
  },
);

const Invoked = Type.Object({
  predictions: Type.Object({
    logits: Type.Array(Type.Array(Type.Number())),
    probabilities: Type.Array(Type.Array(Type.Number())),
  }),
});

/** Which code the service runs, as far as image, deployment or checkout say so. */
export const BuildFacts = Type.Object(
  {
    version: Type.String(),
    tag: Type.Optional(Type.String({ pattern: tagPattern, description: "of the code in Git" })),
    commit: Type.Optional(Type.String({ pattern: commitPattern, description: "of the code in Git" })),
    image_digest: Type.Optional(Type.String({ pattern: imageDigestPattern, description: "of the container's image" })),
  },
  { title: "BuildFacts", additionalProperties: false },
);

export const mlflowRoutes = defineRoutes(
  { group: "mlflow", errorForm: "mlflow" },
  {
    ping: {
      scope: "open",
      summary: "readiness",
      answers: { 200: { doc: "ready", content: { "text/plain": text("a line break") } } },
      errors: ["NOT_READY"],
    },
    version: {
      scope: "open",
      summary: "the service's version",
      doc: "Plain text, as MLflow's server answers, unless the request's Accept header asks for JSON.",
      answers: {
        200: {
          doc: "the version; in JSON with the code's tag and commit and the image's digest, where they are known",
          content: { "text/plain": text("such as 1.2.3"), "application/json": BuildFacts },
        },
      },
    },
    invocations: {
      scope: "predict",
      summary: "logits and probabilities, as a bundle logged with MLflow's onnx flavour gives them",
      doc: "A picture is the model's own pixels as numbers from 0 to 255, nested as for `/predict`, or a picture file as base64.",
      body: { "application/json": InvocationsBody },
      answers: { 200: { doc: "one row for each picture", content: { "application/json": Invoked } } },
      errors: pictureErrors,
    },
  },
);
