/** A picture of the page, and its answer. */
import type { Answer } from "../service/api.ts";
import type { ServiceError } from "../service/service-error.ts";

export interface ShownPicture {
  /**
   * Each stroke of a drawing gives a picture of the same id, so that the list of last predictions
   * holds a drawing once.
   */
  readonly id: number;
  readonly name: string;
  /** The bytes that are sent. */
  readonly file: Blob;
  /** An object URL of the file. */
  readonly url: string;
  /** What a sample picture's own label says. */
  readonly label: string | undefined;
  /** How it was changed before it was sent. */
  readonly note: string | undefined;
}

export interface ShownHeatMap {
  readonly url: string;
  readonly method: string;
}

/** What was said of an answer, as far as the service took it. */
export interface GivenFeedback {
  /** The label that the service keeps. */
  readonly kept?: string;
  /** Another one was kept before. */
  readonly isChanged?: boolean;
  /** The label on its way. */
  readonly sending?: string;
  /** The label that could not be kept, and why. */
  readonly failed?: { readonly label: string; readonly error: ServiceError };
}

/** One entry of the last predictions. */
export interface ShownPrediction {
  readonly picture: ShownPicture;
  readonly answer: Answer;
  feedback: GivenFeedback;
  /** By the class's label. */
  readonly heatMaps: Map<string, ShownHeatMap>;
}

/** Frees the object URLs of a picture that is no longer shown. */
export function release({ picture, heatMaps }: Pick<ShownPrediction, "picture" | "heatMaps">): void {
  URL.revokeObjectURL(picture.url);
  for (const { url } of heatMaps.values()) URL.revokeObjectURL(url);
}
