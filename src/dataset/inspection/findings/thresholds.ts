/** Thresholds of an inspection. */

export interface InspectionThresholds {
  /** A picture with fewer pixels than this on its shorter side is `too-small`. */
  readonly minSidePx: number;
  /**
   * A picture whose longer side is more than so many times the shorter one is
   * `extreme-aspect-ratio`.
   */
  readonly maxAspect: number;
  /** A class of which another has more than so many times the pictures is in `class-imbalance`. */
  readonly maxImbalance: number;
  /**
   * A picture none of whose channels varies by this much (standard deviation, 0 to 127.5) is
   * `near-constant`.
   */
  readonly minSpread: number;
  /**
   * A picture of 16 bits a channel whose largest value is below this, and not 0, has a `low-range`.
   */
  readonly minPeak: number;
  /** A picture whose channels differ by less than this on average (0 to 255) is `greyscale`. */
  readonly minColourfulness: number;
}

/**
 * 16 pixels are what four halvings leave one of. Photographs are at most 3:1, panoramas beyond 4:1
 * are mostly cut away. Of 22,500 photographs of cats and dogs none has a contrast below 13; colours
 * with less than 1 of 255 between the channels are not to be seen.
 */
export const defaultThresholds: InspectionThresholds = {
  minSidePx: 16,
  maxAspect: 4,
  maxImbalance: 10,
  minSpread: 2,
  minPeak: 4096,
  minColourfulness: 1,
};
