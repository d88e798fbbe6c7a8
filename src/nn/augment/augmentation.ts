/** Augmentation settings of training pictures, and what follows from them. */
import { AppError } from "../../base/errors.ts";

/** How pictures are augmented in training; 0 or false switches a part off. */
export interface Augmentation {
  /** Mirror every second picture left to right. For cats, not for digits. */
  readonly flip: boolean;
  /** Move by up to this many whole pixels along each axis. */
  readonly shiftPixels: number;
  /** Enlarge or shrink each axis by up to this share: 0.2 samples from 0.8 to 1.2. */
  readonly zoom: number;
  /** Turn by up to this angle either way. */
  readonly rotationDegrees: number;
  /** Slant along each axis by up to this share of the distance from the middle. */
  readonly shear: number;
  /** Show a part of the picture, at least this share of its area; 1 shows all of it. */
  readonly crop: number;
  /** Add up to this many standard deviations of the pixel values. */
  readonly brightness: number;
  /** Stretch values around the mean by up to this share. */
  readonly contrast: number;
  /** Stretch colours away from grey by up to this share. */
  readonly saturation: number;
  /** Turn hues by up to this share of the colour circle, 0 to 0.5. */
  readonly hue: number;
  /** Probability that a rectangle of a picture is covered with the mean colour. */
  readonly erasing: number;
  /** Blend pictures in pairs, shares from Beta(mixup, mixup); 0 for none. */
  readonly mixup: number;
  /** Paste a rectangle of another picture, shares from Beta(cutmix, cutmix); 0 for none. */
  readonly cutmix: number;
  /** Draw this many changes a picture from a table, of a strength from 0 to 10. */
  readonly randAugment: { readonly count: number; readonly magnitude: number };
}

/** Every part switched off. */
export const noAugmentation: Augmentation = {
  flip: false,
  shiftPixels: 0,
  zoom: 0,
  rotationDegrees: 0,
  shear: 0,
  crop: 1,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
  erasing: 0,
  mixup: 0,
  cutmix: 0,
  randAugment: { count: 0, magnitude: 9 },
};

/** Whether rows and columns are mixed with each other, so that they cannot be resampled apart. */
export function slantsPictures({ rotationDegrees, shear, randAugment }: Augmentation): boolean {
  return rotationDegrees > 0 || shear > 0 || randAugment.count > 0;
}

export function movesPixels(augmentation: Augmentation): boolean {
  const { flip, shiftPixels, zoom, crop } = augmentation;
  return flip || shiftPixels > 0 || zoom > 0 || crop < 1 || slantsPictures(augmentation);
}

export function changesColours({ brightness, contrast, saturation, hue, randAugment }: Augmentation): boolean {
  return brightness > 0 || contrast > 0 || saturation > 0 || hue > 0 || randAugment.count > 0;
}

/** Whether pictures are joined with others of their batch, and so their targets. */
export function mixesPictures({ mixup, cutmix }: Augmentation): boolean {
  return mixup > 0 || cutmix > 0;
}

/** Whether anything is varied at all. */
export function augments(augmentation: Augmentation): boolean {
  return (
    movesPixels(augmentation) || changesColours(augmentation) || augmentation.erasing > 0 || mixesPictures(augmentation)
  );
}

/** Errors: CONFIG_INVALID where grey pictures are to change colours that they do not have. */
export function requireColours({ saturation, hue }: Pick<Augmentation, "saturation" | "hue">, channels: number): void {
  if (channels === 3 || (saturation === 0 && hue === 0)) return;
  const name = saturation > 0 ? "saturation" : "hue";
  throw new AppError("CONFIG_INVALID", {
    required: `pictures of 3 channels, since ${name} changes colours`,
    received: `${channels} channel${channels === 1 ? "" : "s"}`,
    where: `train.${name}`,
    hint: `leave \`${name}\` out, or train in colour: \`channels\` 3`,
  });
}
