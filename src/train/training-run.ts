/** What a training is called: decided at its start, and kept when it is resumed. */
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { type Static, Type } from "typebox";

export const trainingRunSchema = Type.Object({
  /** 32 hexadecimal digits unless given, as MLflow's run ids. */
  id: Type.String({ minLength: 1 }),
  /** After the bundle unless given. */
  name: Type.String(),
  /** ISO 8601. */
  createdAt: Type.String(),
});

/** The id and the name of a training, and when it began. */
export type TrainingRun = Readonly<Static<typeof trainingRunSchema>>;

export function createTrainingRun(bundlePath: string, given: Partial<TrainingRun> = {}): TrainingRun {
  return {
    id: randomBytes(16).toString("hex"),
    name: basename(bundlePath).replace(/\.onnx$/i, ""),
    createdAt: new Date().toISOString(),
    ...given,
  };
}
