/** The stages of a training: smaller pictures first, no mixing at the end. */
import { type Augmentation, mixesPictures } from "../../nn/augment/augmentation.ts";
import type { PictureSize } from "../../nn/picture-tensor.ts";
import { type Stage, wholeTraining } from "./fit-plan.ts";

export interface StageSettings {
  /** Feed smaller pictures first. */
  readonly progressive: boolean;
  /** Share of the training at its end in which pictures are not mixed. */
  readonly mixOff: number;
}

/**
 * Ends of the first stages, and their share of the full side. Source of the idea: Howard, fast.ai's
 * DAWNBench entry, 2018; Tan and Le, EfficientNetV2, ICML 2021.
 */
const progressiveStages = [
  { until: 0.35, share: 0.5 },
  { until: 0.7, share: 0.75 },
] as const;
/** Sides are multiples of this, for poolings by two without remainder. */
const sideStep = 8;
const smallestSide = 32;

/** In their order; the last one ends at 1 and takes pictures of the full size. */
export function planStages(
  size: PictureSize,
  augmentation: Augmentation,
  { progressive, mixOff }: StageSettings,
): readonly Stage[] {
  const sizes: Stage[] = progressive ? progressiveStages.flatMap((stage) => smallerStage(size, stage)) : [];
  const stages = [...sizes, wholeTraining];
  const mixesUntil = 1 - mixOff;
  if (!mixesPictures(augmentation) || mixOff <= 0) return stages;
  const unmixed = { ...augmentation, mixup: 0, cutmix: 0 };
  return stages.flatMap((stage, at): Stage[] => {
    const start = stages[at - 1]?.until ?? 0;
    if (stage.until <= mixesUntil) return [stage];
    const rest = { ...stage, augmentation: unmixed };
    return start < mixesUntil ? [{ ...stage, until: mixesUntil }, rest] : [rest];
  });
}

function smallerStage(size: PictureSize, { until, share }: (typeof progressiveStages)[number]): Stage[] {
  const shorten = (side: number): number => Math.round((side * share) / sideStep) * sideStep;
  const fedSize = { height: shorten(size.height), width: shorten(size.width) };
  const isLargeEnough = Math.min(fedSize.height, fedSize.width) >= smallestSide;
  return isLargeEnough && fedSize.height < size.height && fedSize.width < size.width ? [{ until, fedSize }] : [];
}
