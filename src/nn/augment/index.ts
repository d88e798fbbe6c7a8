/** The variation of training pictures: settings, the numbers drawn for a batch, and the graph that they feed. */
export { augmentPictures, mixTargets } from "./augment.ts";
export { type Augmentation, augments, mixesPictures, noAugmentation, requireColours } from "./augmentation.ts";
export { type AugmentationSetup, drawAugmentation, type Mixing, mixingOf } from "./draw.ts";
export { numbersPerPicture } from "./numbers.ts";
