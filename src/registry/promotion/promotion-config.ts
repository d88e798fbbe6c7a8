/** What can be set about promotions: the section `promotion` of the configuration. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";
import { splits } from "../../dataset/sources/source.ts";

const Share = { minimum: 0, maximum: 1 };

/** Each limit belongs to a gate (`gates.ts`). One that is left out is not checked. */
export const promotionConfigSchema = Type.Object({
  data: Type.Optional(
    Type.String({
      minLength: 1,
      description: "labelled pictures to evaluate on; those that the candidate was trained from unless given",
    }),
  ),
  split: literals([...splits, "all"], { default: "test", description: "which pictures of the data" }),
  minAccuracy: Type.Optional(Type.Number({ ...Share, description: "lowest accuracy, 0 to 1" })),
  maxCalibrationError: Type.Optional(
    Type.Number({ ...Share, description: "highest expected calibration error, 0 to 1" }),
  ),
  maxAccuracyLoss: Type.Number({
    ...Share,
    default: 0.01,
    description: "how much lower than the present version's the accuracy may be; 0.01 is one point",
  }),
  significance: Type.Number({
    minimum: 0,
    maximum: 0.5,
    default: 0.05,
    description: "below this p-value of McNemar's test any lower accuracy is refused",
  }),
  maxSliceLoss: Type.Number({
    ...Share,
    default: 0.1,
    description: "how much lower than the present version's the accuracy of a slice may be",
  }),
  maxSliceGap: Type.Number({
    ...Share,
    default: 0.3,
    description: "how far a slice's accuracy may be below the overall one where there is no present version",
  }),
  minSlicePictures: Type.Integer({
    minimum: 1,
    default: 50,
    description: "slices with fewer pictures are not judged",
  }),
  maxLatencyMs: Type.Optional(
    Type.Number({ minimum: 0, description: "longest time of one picture here, 95th percentile" }),
  ),
  maxSizeBytes: Type.Optional(Type.Integer({ minimum: 1, description: "largest size of the bundle's file" })),
  smokeData: Type.Optional(
    Type.String({ minLength: 1, description: "a few labelled pictures that must be predicted, such as a folder" }),
  ),
  minSmokeAccuracy: Type.Number({
    ...Share,
    default: 1,
    description: "share of those pictures that must be predicted correctly",
  }),
  labelsMayDiffer: Type.Boolean({
    default: false,
    description: "accept other classes than the present version's, without a comparison of the two",
  }),
});

export type PromotionConfig = DeepReadonly<Static<typeof promotionConfigSchema>>;
