/** The recipe and the network, decided before any picture is decoded. */
import type { Recipe } from "../../image/recipe.ts";
import { createNetwork, type Network } from "../../nn/architectures/table.ts";
import { requireColours } from "../../nn/augment/augmentation.ts";
import type { OwnSize, PictureFacts } from "../pictures/prepare-pack.ts";
import { isLongTraining } from "./budget-plan.ts";
import { type Choice, Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

export interface PicturePlan {
  readonly recipe: Recipe;
  readonly choices: readonly Choice[];
}

/** The same with the network, where it does not follow from a backbone. */
export interface NetworkPlan extends PicturePlan {
  readonly network: Network;
}

/** The default for photographs: small enough to train on two cores, large enough for an animal. */
const photographSide = 64;
/** The smallest that `size` takes. */
const smallestSide = 4;
/** The default of a long training. */
export const longPhotographSide = 128;

/** As `planPictures`, for pictures of which nothing is known yet. Errors: also those of the facts. */
export async function planPicturesOf(
  { own, shorterSides }: PictureFacts,
  settings: TrainSettings,
): Promise<NetworkPlan> {
  const isOpen = own === undefined && settings.size === undefined;
  return planPictures(own, settings, isOpen ? await shorterSides() : []);
}

/**
 * `own` is the size of pictures that are pixels already; `shorterSides` are those of some pictures
 * that are not, the smallest first.
 * Errors: ARCHITECTURE_UNKNOWN, CONFIG_UNKNOWN_KEY, CONFIG_INVALID (also for hue or saturation of
 * grey pictures).
 */
export function planPictures(
  own: OwnSize | undefined,
  settings: TrainSettings,
  shorterSides: readonly number[] = [],
): NetworkPlan {
  const choices = new Choices(settings);
  const side = settings.size;
  const usual = usualSide(shorterSides, isLongTraining(settings));
  const width = side ?? own?.width ?? usual.side;
  const height = side ?? own?.height ?? usual.side;
  const sizeReason = own ? "the pictures' own size" : usual.reason;
  choices.add("size", width === height ? width : { width, height }, sizeReason);
  const channels = settings.channels ?? own?.channels ?? 3;
  const channelReason = own ? "the pictures' own channels" : "photographs have colours";
  requireColours({ saturation: settings.saturation ?? 0, hue: settings.hue ?? 0 }, channels);
  choices.add("channels", channels, channelReason);

  const architecture = settings.architecture ?? "cnn";
  const takesWidths = architecture === "cnn" || architecture === "resnet";
  const widths = settings.widths ?? (takesWidths ? widthsFor(Math.min(width, height)) : undefined);
  const network = createNetwork(architecture, {
    ...(widths && { widths }),
    ...(settings.dropout !== undefined && { dropout: settings.dropout }),
    ...settings.architectureOptions,
  });
  network.checkSize({ width, height, channels });
  choices.add("architecture", architecture, "the baseline");
  if (widths) choices.add("widths", widths, `stages for ${Math.min(width, height)} pixels`);
  const recipe: Recipe = { width, height, channels, fit: settings.fit ?? "cover", kernel: "lanczos3" };
  return { recipe, network, choices: choices.all };
}

/**
 * The size for photographs, and why: never above the median of their shorter sides, since pixels
 * that are made up cost time and add nothing. Pictures of many sizes are resized anyway, so to a
 * multiple of 8, which halves evenly.
 */
function usualSide(shorterSides: readonly number[], isLong: boolean): { side: number; reason: string } {
  const side = isLong ? longPhotographSide : photographSide;
  const median = shorterSides[Math.floor((shorterSides.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  if (side <= median) {
    return { side, reason: isLong ? "for photographs, in so much time" : "the usual size for photographs" };
  }
  const sameSize = shorterSides.filter((each) => each === median).length;
  if (2 * sameSize > shorterSides.length || median < 8) {
    return { side: Math.max(smallestSide, median), reason: "the pictures' own size" };
  }
  return { side: median - (median % 8), reason: `half of the pictures have at most ${median} pixels` };
}

/**
 * One stage for each halving down to a few pixels. Doubling the filters at each keeps the cost of
 * all stages equal, so a narrow first stage makes the whole network cheap; small pictures leave
 * time for wider last stages, large ones need them. Measured: docs/results.md.
 */
function widthsFor(side: number): number[] {
  if (side < 8) return [32];
  if (side < 24) return [32, 64];
  if (side < 32) return [32, 64, 128];
  return side >= 48 && side < 112 ? [16, 32, 64, 128] : [16, 32, 96, 192];
}
