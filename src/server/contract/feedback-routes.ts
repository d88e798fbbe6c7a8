/** Routes that take what a picture really was, after it was answered. */
import { Type } from "typebox";
import { defineRoutes } from "./route.ts";

const FeedbackBody = Type.Object(
  {
    // A NUL is no text for PostgreSQL.
    request_id: Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\u0000]*$", description: "of the answer" }),
    label: Type.String({ minLength: 1, maxLength: 1000, description: "one of the model's labels" }),
    position: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000, description: "of the picture in its request; 0 unless given" }),
    ),
  },
  {
    title: "FeedbackRequest",
    additionalProperties: false,
    examples: [{ request_id: "0b8f2d1e-6f5e-4f58-9b9e-0c1f6f9d7c11", label: "cat" }],
  },
);

const Kept = Type.Object(
  {
    request_id: Type.String(),
    position: Type.Integer(),
    label: Type.String(),
    predicted: Type.String({ description: "the label that was answered" }),
    model_version: Type.String({ description: "of the model that answered" }),
  },
  { title: "Feedback", additionalProperties: false },
);

export const feedbackRoutes = defineRoutes(
  { group: "prediction", scope: "predict", errorForm: "pawprint" },
  {
    feedback: {
      summary: "say what a picture really is",
      doc: `For a service with a prediction log. Kept when it is answered. Whoever says something else later is believed, and what was said before
stays as history. With keys, only the caller who asked for the prediction may say so.`,
      follows: "predict",
      hasNoPictures: true,
      bodyLimitBytes: 16_384,
      body: { "application/json": FeedbackBody },
      answers: { 200: { doc: "it is kept", content: { "application/json": Kept } } },
      errors: ["PREDICTION_LOG_OFF", "PREDICTION_UNKNOWN", "LABEL_UNKNOWN", "PREDICTION_LOG_UNAVAILABLE"],
    },
  },
);
