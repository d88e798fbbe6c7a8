/** The recipe and the network, decided before any picture is decoded. */
import type { Recipe } from "../../image/recipe.ts";
import { createNetwork, type Network } from "../../nn/architectures/table.ts";
import { requireColours } from "../../nn/augment/augmentation.ts";
import type { OwnSize } from "../pictures/prepare-pack.ts";
import { isLongTraining } from "./budget-plan.ts";
import { type Choice, Choices } from "./choice.ts";
import type { TrainSettings } from "./train-config.ts";

export interface PicturePlan {
  readonly recipe: Recipe;
  readonly network: Network;
  readonly choices: readonly Choice[];
}

/** The default for photographs: small enough to train on two cores, large enough for an animal. */
const photographSide = 64;
/** The default of a long training. */
export const longPhotographSide = 128;

/**
 * `own` is the size of pictures that are pixels already.
 * Errors: ARCHITECTURE_UNKNOWN, CONFIG_UNKNOWN_KEY, CONFIG_INVALID (also for hue or saturation of
 * grey pictures).
 */
export function planPictures(own: OwnSize | undefined, settings: TrainSettings): PicturePlan {
  const choices = new Choices(settings);
  const side = settings.size;
  const isLong = isLongTraining(settings);
  const usualSide = isLong ? longPhotographSide : photographSide;
  const width = side ?? own?.width ?? usualSide;
  const height = side ?? own?.height ?? usualSide;
  const photographReason = isLong ? "for photographs, in so much time" : "the usual size for photographs";
  const sizeReason = own ? "the pictures' own size" : photographReason;
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
 * One stage for each halving down to a few pixels. Doubling the filters at each keeps the cost of
 * all stages equal, so a narrow first stage makes the whole network cheap.
 */
function widthsFor(side: number): number[] {
  if (side < 8) return [32];
  if (side < 24) return [32, 64];
  if (side < 48) return [32, 64, 128];
  return side < 112 ? [16, 32, 64, 128] : [16, 32, 96, 192];
}
