/** Routes that take pictures and answer what they show. */
import { type TSchema, Type } from "typebox";
import { examplePicture } from "./examples.ts";
import { pictureErrors } from "./picture-errors.ts";
import { type BinaryContent, defineRoutes } from "./route.ts";

const Probability = Type.Number({ minimum: 0, maximum: 1 });
const ClassIndex = Type.Integer({ minimum: 0, description: "position among the model's labels" });

const answer = {
  prediction: ClassIndex,
  label: Type.String(),
  confidence: Probability,
  probabilities: Type.Array(Probability, { description: "of every class, in the order of the labels" }),
  top: Type.Optional(
    Type.Array(
      Type.Object(
        { index: ClassIndex, label: Type.String(), probability: Probability },
        { additionalProperties: false },
      ),
      { description: "the top_k most likely classes, where top_k was given" },
    ),
  ),
};

const provenance = {
  model: Type.String(),
  model_version: Type.String({ description: "names the exact bundle that answered" }),
  request_id: Type.String(),
};

const OnePrediction = Type.Object({ ...answer, ...provenance }, { title: "Prediction" });
const ManyPredictions = Type.Object(
  { predictions: Type.Array(Type.Object(answer)), ...provenance },
  { title: "Predictions" },
);

/**
 * One picture in JSON. What its numbers must be follows from the model, and is checked where they
 * are read.
 */
const Picture = Type.Unsafe<string | readonly unknown[]>({
  description: "a picture as nested numbers or as base64",
  anyOf: [
    {
      type: "string",
      contentMediaType: "image/*",
      contentEncoding: "base64",
      description: "a picture file as base64, or as a data: URL",
    },
    {
      type: "array",
      items: {},
      description:
        "the model's own pixels as numbers: [H,W,C], [H*W,C], flat, or [H,W] for one channel, each also in a list of one; all from 0 to 1, or else all from 0 to 255",
    },
  ],
});

const TopK = Type.Integer({ minimum: 1, maximum: 10_000, description: "also list the k most likely classes" });

export const PredictBody = Type.Object(
  {
    image: Type.Optional(Picture),
    images: Type.Optional(Type.Array(Picture, { minItems: 1 })),
    top_k: Type.Optional(TopK),
  },
  {
    title: "PredictRequest",
    additionalProperties: false,
    description: "either image or images",
    examples: [{ image: examplePicture.base64, top_k: 2 }],
  },
);

const pictureFile = (doc: string): BinaryContent => ({ binary: true, doc, example: examplePicture });

const pictureBodies = {
  "application/json": PredictBody,
  "multipart/form-data": pictureFile("picture files in fields of any name; a field top_k"),
  "image/*": pictureFile("a picture file: JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP; its bytes decide, not its type"),
  "application/octet-stream": pictureFile("the same"),
} as const satisfies Record<string, TSchema | BinaryContent>;

const PredictQuery = Type.Object({ top_k: Type.Optional(TopK) }, { additionalProperties: false });
const ExplainQuery = Type.Object(
  {
    class: Type.Optional(
      Type.String({ minLength: 1, description: "a label or a class index; the most likely one unless given" }),
    ),
    caption: Type.Optional(
      Type.Boolean({ description: "class, probability and scale of colours below the picture; true unless given" }),
    ),
  },
  { additionalProperties: false },
);

export const predictionRoutes = defineRoutes(
  { group: "prediction", scope: "predict", errorForm: "pawprint", body: pictureBodies },
  {
    predict: {
      summary: "classify one picture or several",
      doc: `One picture is answered as Prediction, several as Predictions. They go through the recipe that the model was trained with. The header
x-request-key keeps one caller on one side of a canary; x-deadline-ms shortens the time that an answer may take.`,
      query: PredictQuery,
      answers: {
        200: { doc: "the prediction", content: { "application/json": Type.Union([OnePrediction, ManyPredictions]) } },
      },
      errors: pictureErrors,
    },
    explain: {
      summary: "draw a heat map of the evidence for a class",
      doc: `The picture, 1024 pixels a side at most, with a heat map over it and a caption below. The headers x-pawprint-label, x-pawprint-class and
x-pawprint-probability say for which class.`,
      query: ExplainQuery,
      answers: { 200: { doc: "the heat map", content: { "image/png": { binary: true, doc: "a PNG picture" } } } },
      errors: [...pictureErrors, "BUNDLE_INVALID"],
    },
  },
);
