/**
 * Augmented training pictures for a preview: a few of a source, by the graph that training runs.
 */

import { throwIfCancelled } from "../../base/cancel.ts";
import type { Progress } from "../../base/progress.ts";
import { createRandom } from "../../base/random.ts";
import { openSource } from "../../dataset/sources/open-source.ts";
import type { SkippedPicture, Split } from "../../dataset/sources/source.ts";
import type { TensorData } from "../../graph/tensor-type.ts";
import { graph, input } from "../../graph/value.ts";
import type { Recipe } from "../../image/recipe.ts";
import { augmentPictures } from "../../nn/augment/augment.ts";
import { type AugmentationSetup, drawAugmentation, mixingOf } from "../../nn/augment/draw.ts";
import { numbersPerPicture } from "../../nn/augment/numbers.ts";
import { measureNormalization, type Normalization } from "../../nn/picture-tensor.ts";
import type { Executor } from "../../runtime/executor.ts";
import { planAugmentation } from "../plan/augmentation-plan.ts";
import type { Choice } from "../plan/choice.ts";
import { planPicturesOf } from "../plan/picture-plan.ts";
import { splitOptionsOf } from "../plan/split-settings.ts";
import type { TrainSettings } from "../plan/train-config.ts";
import { pictureFacts } from "./prepare-pack.ts";
import { type PreviewSource, packPreviewPictures } from "./preview-pictures.ts";

export interface AugmentationPreviewOptions {
  /** What `openSource` opens. */
  readonly data: string;
  /** As for `train`: size, fit, channels, augmentation and seed. */
  readonly settings?: TrainSettings;
  /** How many pictures. Default 8. */
  readonly count?: number;
  /** How many variants of each. Default 8. */
  readonly variants?: number;
  /** Which split the pictures come from. Default train. */
  readonly split?: Split;
  /** What runs the graph. */
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface PreviewPicture {
  /** uint8 `[height, width, channels]` of the recipe. */
  readonly pixels: Uint8Array;
  /** The label; of a mixed picture its labels with their shares: `cat 0.7 + dog 0.3`. */
  readonly caption: string;
}

export interface AugmentationPreview {
  readonly recipe: Recipe;
  /** For each chosen picture a row: the picture as it is packed, then its variants. */
  readonly rows: readonly {
    readonly id: string;
    readonly label: string;
    readonly pictures: readonly PreviewPicture[];
  }[];
  readonly skipped: readonly SkippedPicture[];
  readonly choices: readonly Choice[];
}

/**
 * Mean and standard deviation are those of at least this many pictures, where there are as many.
 */
const measuredPictures = 64;

/**
 * Augments the first pictures of each class in the split. Colours are as in training, clipped to
 * black and white; mean and standard deviation are those of the first pictures alone.
 * Errors: those of `openSource` and `planPicturesOf`; DATASET_EMPTY where the split has no picture
 * that can be used; INTERRUPTED.
 */
export async function previewAugmentation(options: AugmentationPreviewOptions): Promise<AugmentationPreview> {
  const { data, settings = {}, count = 8, variants = 8 } = options;
  const source = await openSource(data, settings);
  try {
    const plan = await planPicturesOf(await pictureFacts(source, options), settings);
    const { augmentation, choices } = planAugmentation(plan.recipe, source.kind, settings);
    const { packed, skipped } = await packPreviewPictures(source, plan.recipe, Math.max(count, measuredPictures), {
      ...options,
      splitting: splitOptionsOf(settings),
    });
    const shown = packed.slice(0, count);
    const { width, height, channels } = plan.recipe;
    const normalization = await measureNormalization(
      packed.map(({ pixels }) => pixels),
      channels,
    );
    const setup = { augmentation, size: { width, height, channels }, normalization };
    const columns = await varied(setup, shown, variants, options);
    const rows = shown.map(({ id, label, pixels }, row) => {
      return { id, label, pictures: [{ pixels, caption: label }, ...columns.map((column) => column[row]!)] };
    });
    return { recipe: plan.recipe, rows, skipped, choices: [...plan.choices, ...choices] };
  } finally {
    await source.close();
  }
}

/** Each variant of all pictures as one batch, as in training. */
async function varied(
  setup: AugmentationSetup,
  pictures: readonly PreviewSource[],
  variants: number,
  { executor, settings, signal }: AugmentationPreviewOptions,
): Promise<readonly (readonly PreviewPicture[])[]> {
  const { height, width, channels } = setup.size;
  const [batch, perPicture] = [pictures.length, numbersPerPicture(channels)];
  const shown = input("pictures", "uint8", [batch, height, width, channels]);
  const fed = input("augmentation", "float32", [batch, perPicture]);
  const pixels = new Uint8Array(batch * height * width * channels);
  for (const [row, picture] of pictures.entries()) pixels.set(picture.pixels, row * picture.pixels.length);
  const numbers = new Float32Array(batch * perPicture);
  const feeds: Record<string, TensorData> = {
    pictures: { dtype: "uint8", shape: [batch, height, width, channels], data: pixels },
    augmentation: { dtype: "float32", shape: [batch, perPicture], data: numbers },
  };
  const program = await executor.load(graph("preview", [shown, fed], { y: augmentPictures(shown, fed, setup) }));
  const random = createRandom(settings?.seed ?? 0).split("preview");
  try {
    const columns: PreviewPicture[][] = [];
    for (let variant = 0; variant < variants; variant++) {
      throwIfCancelled(signal);
      drawAugmentation(random.split(variant), setup, numbers);
      const { y } = await program.run(feeds);
      const captions = captionsOf(numbers, channels, pictures);
      columns.push(captions.map((caption, row) => ({ caption, pixels: bytesOf(y!.data, row, setup) })));
    }
    return columns;
  } finally {
    await program.close();
  }
}

function captionsOf(numbers: Float32Array, channels: number, pictures: readonly PreviewSource[]): readonly string[] {
  return mixingOf(numbers, channels).map(({ partner, share }, row) => {
    const [own, other] = [pictures[row]!.label, pictures[partner]!.label];
    if (share > 0.995 || partner === row) return own;
    return `${own} ${share.toFixed(2)} + ${other} ${(1 - share).toFixed(2)}`;
  });
}

/** One picture of normalised values `[N,C,H,W]` as bytes `[H,W,C]`. */
function bytesOf(
  values: ArrayLike<number | bigint>,
  row: number,
  { size, normalization }: AugmentationSetup,
): Uint8Array {
  const { height, width, channels } = size;
  const plane = height * width;
  return Uint8Array.from({ length: plane * channels }, (_, at) => {
    const channel = at % channels;
    const value = Number(values[(row * channels + channel) * plane + Math.floor(at / channels)]);
    return levelOf(value, channel, normalization);
  });
}

function levelOf(value: number, channel: number, { mean, std }: Normalization): number {
  const level = 255 * (value * std[channel]! + mean[channel]!);
  return Math.round(Math.min(255, Math.max(0, level)));
}
