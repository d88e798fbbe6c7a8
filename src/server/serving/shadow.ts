/**
 * Runs the challenger on the pictures that the champion answered, in the background, and counts
 * where they differ.
 */
import { type AppError, isAppError, toAppError } from "../../base/errors.ts";
import type { DeclaredSize } from "../../image/format.ts";
import { type PredictedClass, predictionsOf } from "../answering/answered-pictures.ts";
import type { PictureInput } from "../input/picture-input.ts";
import { canTakeSamePixels, preparePicture } from "../input/prepare-picture.ts";
import type { ModelHost } from "./model-host.ts";
import type { ServedModel } from "./served-model.ts";

/** What the champion answered to one picture. */
export interface ChampionAnswer {
  readonly input: PictureInput;
  /** uint8 `[H,W,C]` under the champion's recipe. */
  readonly pixels: Uint8Array;
  /** Of the file's header, where there is a file. */
  readonly size: DeclaredSize | undefined;
  readonly label: string;
  readonly confidence: number;
  readonly requestId: string;
  /** Among the pictures of the request. */
  readonly position: number;
  /** Of the caller's key, where callers have keys. */
  readonly keyId: string | undefined;
}

export interface ShadowComparison {
  readonly isSame: boolean;
  /** Of the confidence in the champion's label, challenger minus champion. */
  readonly difference: number;
  readonly challenger: ServedModel;
  readonly prediction: PredictedClass;
  /** uint8 `[H,W,C]` under the challenger's recipe. */
  readonly pixels: Uint8Array;
  /** From the comparison's begin to the challenger's answer. */
  readonly latencyMs: number;
}

export interface ShadowCounts {
  readonly compared: number;
  readonly sameLabel: number;
  /** Left out because the service was busy, or because the picture does not fit the challenger. */
  readonly skipped: number;
  /** The challenger failed to answer. */
  readonly failed: number;
  readonly meanDifference: number;
}

export interface Shadow {
  /**
   * Compares in the background. Does nothing where the champion itself did not answer or there is
   * no challenger.
   */
  compare(model: ServedModel, answer: ChampionAnswer): void;
  readonly counts: ShadowCounts;
  /** Resolves when no comparison is under way. */
  idle(): Promise<void>;
}

export interface ShadowOptions {
  readonly host: Pick<ModelHost, "current">;
  /** True while callers wait: comparisons are then skipped. */
  readonly isBusy: () => boolean;
  readonly now: () => number;
  readonly onComparison: (answer: ChampionAnswer, comparison: ShadowComparison) => void;
  readonly onSkip: () => void;
  readonly onFailure: (answer: ChampionAnswer, error: AppError) => void;
}

/** Comparisons under way at once. */
const limit = 8;
/** Milliseconds that a comparison may wait for the engine. */
const patienceMs = 5000;

export function createShadow({ host, isBusy, now, onComparison, onSkip, onFailure }: ShadowOptions): Shadow {
  const underWay = new Set<Promise<void>>();
  let compared = 0;
  let sameLabel = 0;
  let skipped = 0;
  let failed = 0;
  let differences = 0;

  const skip = (): void => {
    skipped++;
    onSkip();
  };

  const ask = async (champion: ServedModel, challenger: ServedModel, answer: ChampionAnswer): Promise<void> => {
    const leave = challenger.lease();
    const startedAt = now();
    try {
      const { recipe, labels } = challenger.info;
      const isSameRecipe = canTakeSamePixels(champion.info.recipe, recipe);
      const pixels = isSameRecipe ? answer.pixels : await preparePicture(answer.input, recipe);
      const urgency = { deadline: now() + patienceMs, isGone: false };
      const answers = await challenger.infer(pixels, 1, urgency);
      const latencyMs = now() - startedAt;
      const prediction = predictionsOf(answers, labels)[0]!; // of one picture
      const difference = (answers.probabilities[labels.indexOf(answer.label)] ?? 0) - answer.confidence;
      const isSame = prediction.label === answer.label;
      compared++;
      if (isSame) sameLabel++;
      differences += Math.abs(difference);
      onComparison(answer, { isSame, difference, challenger, prediction, pixels, latencyMs });
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.kind === "invalid" || isAppError(error, "DEADLINE_EXCEEDED")) return skip();
      failed++;
      onFailure(answer, error);
    } finally {
      leave();
    }
  };

  return {
    compare(champion, answer) {
      const challenger = host.current("challenger");
      if (challenger === undefined || champion !== host.current("champion")) return;
      if (underWay.size >= limit || isBusy()) {
        skip();
        return;
      }
      const work = ask(champion, challenger, answer);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
    get counts() {
      return { compared, sameLabel, skipped, failed, meanDifference: compared === 0 ? 0 : differences / compared };
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}
