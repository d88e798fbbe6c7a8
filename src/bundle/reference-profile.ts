/**
 * The reference profile of a bundle, `pawprint.reference`: what the pictures looked like on which it
 * was evaluated, and what it answered to them, by which a monitor knows whether others differ.
 *
 * Numbers alone, of at most `maximumReferencePictures` pictures in random order: no pixels, names or
 * hashes. About 90 bytes a picture, 7 a probability and 1.4 a number of an embedding: at most some
 * 180 kB, and 2 bytes more for each class.
 */
import { type Static, Type } from "typebox";
import { AppError } from "../base/errors.ts";
import type { DeepReadonly } from "../base/freeze.ts";
import { expectedOf, schemaFault } from "../base/schema/schema-fault.ts";
import { pictureStatisticNames } from "../image/picture-statistics.ts";
import { type ReferenceEmbedding, referenceEmbeddingSchema } from "./reference-embedding.ts";

export const referenceVersion = 1;

/** Pictures of the sample. More hardly lower a threshold: its error goes by sqrt(1 / n + 1 / window). */
export const maximumReferencePictures = 1000;

/** Probabilities of the sample; those of many classes are kept of fewer pictures. */
export const maximumReferenceProbabilities = 8000;

/** With the rows of fewer pictures a comparison of answers would say little. */
export const minimumProbabilityRows = 100;

const Share = Type.Number({ minimum: 0, maximum: 1 });
/** Far above what a picture can have; float32 holds it. */
const Value = Type.Number({ minimum: -1e9, maximum: 1e9 });
const column = <T extends typeof Share | typeof Value>(of: T) => Type.Array(of, { maxItems: maximumReferencePictures });

export const referenceSchema = Type.Object(
  {
    version: Type.Literal(referenceVersion),
    /** Of `pictureStatistics`. */
    statisticsVersion: Type.Integer({ minimum: 1 }),
    /** The pictures that it is of; `all` where they were chosen for it. */
    split: Type.Union([Type.Literal("train"), Type.Literal("val"), Type.Literal("test"), Type.Literal("all")]),
    /** Pictures behind the figures below, of which the sample is a part. */
    count: Type.Integer({ minimum: 1 }),
    accuracy: Share,
    meanConfidence: Share,
    expectedCalibrationError: Share,
    /** How often each class was the answer. */
    answerCounts: Type.Array(Type.Integer({ minimum: 0 })),
    sample: Type.Object(
      {
        /** The class that each picture was answered with. */
        answers: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: maximumReferencePictures }),
        /** The class that each picture has. */
        targets: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: maximumReferencePictures }),
        confidences: column(Share),
        /** Statistics that were known of every picture. */
        statistics: Type.Object(
          Object.fromEntries(pictureStatisticNames.map((name) => [name, Type.Optional(column(Value))])),
          { additionalProperties: false },
        ),
        /** `[rows, labels]` row-major, of the first pictures of the sample. */
        probabilities: Type.Optional(Type.Array(Share, { maxItems: maximumReferenceProbabilities })),
        /** Of the first pictures of the sample. References of before this was kept have none. */
        embedding: Type.Optional(referenceEmbeddingSchema),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

type Parsed = DeepReadonly<Static<typeof referenceSchema>>;

/** What is known of the pictures that a bundle was evaluated on. */
export interface ReferenceProfile extends Omit<Parsed, "sample"> {
  readonly sample: Omit<Parsed["sample"], "statistics"> & {
    readonly statistics: Readonly<Partial<Record<(typeof pictureStatisticNames)[number], readonly number[]>>>;
  };
}

/**
 * What a schema cannot say: that all columns have a value of each picture, and classes exist.
 * Errors: BUNDLE_INVALID.
 */
export function requireReference(reference: ReferenceProfile, labelCount: number, where: string): void {
  const { sample, answerCounts, count } = reference;
  const pictures = sample.answers.length;
  const refuse = (required: string, received: string): AppError =>
    new AppError("BUNDLE_INVALID", { required: `${required} for pawprint.reference in its metadata`, received, where });
  if (answerCounts.length !== labelCount) {
    throw refuse(`a count for each of ${labelCount} labels`, `${answerCounts.length} counts`);
  }
  const answered = answerCounts.reduce((sum, part) => sum + part, 0);
  if (answered !== count || pictures > count) {
    throw refuse(`counts that add up to ${count} pictures or fewer in its sample`, `${answered}, and ${pictures}`);
  }
  const unknown = [...sample.answers, ...sample.targets].find((index) => index >= labelCount);
  if (unknown !== undefined) throw refuse(`answers and targets of ${labelCount} classes`, `class ${unknown}`);
  for (const [name, values] of Object.entries({
    targets: sample.targets,
    confidences: sample.confidences,
    ...sample.statistics,
  })) {
    if (values.length !== pictures) throw refuse(`${pictures} values of ${name}`, `${values.length}`);
  }
  const rows = (sample.probabilities?.length ?? 0) / labelCount;
  if (!Number.isInteger(rows) || rows > pictures) {
    throw refuse(`rows of ${labelCount} probabilities for at most ${pictures} pictures`, `${rows} rows`);
  }
  if (sample.embedding) requireEmbedding(sample.embedding, pictures, refuse);
}

function requireEmbedding(
  { lows, highs, values }: ReferenceEmbedding,
  pictures: number,
  refuse: (required: string, received: string) => AppError,
): void {
  const size = lows.length;
  if (highs.length !== size || lows.some((low, at) => low > highs[at]!)) {
    throw refuse("a least and a largest value of each number of an embedding", `${size} and ${highs.length}`);
  }
  const rows = Buffer.from(values, "base64").length / size;
  if (!Number.isInteger(rows) || rows > pictures) {
    throw refuse(`embeddings of ${size} numbers for at most ${pictures} pictures`, `${rows} rows`);
  }
}

/** A profile from its JSON. Errors: BUNDLE_INVALID. */
export function parseReference(text: string, labelCount: number, where: string): ReferenceProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("BUNDLE_INVALID", {
      required: "a reference profile as JSON",
      received: "no JSON",
      where,
      cause,
    });
  }
  const fault = schemaFault(referenceSchema, value);
  if (fault) {
    const received = fault.received.slice(0, 200);
    throw new AppError("BUNDLE_INVALID", { required: expectedOf(fault, "a reference profile"), received, where });
  }
  const reference = value as ReferenceProfile;
  requireReference(reference, labelCount, where);
  return reference;
}
