/** A picture on its way through the page, and what was answered to it. */
import type { Answer } from "../service/api.ts";

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
  /** What was done to it before it was sent. */
  readonly note: string | undefined;
}

export interface ShownHeatMap {
  readonly url: string;
  readonly method: string;
}

/** One entry of the last predictions. */
export interface Prediction {
  readonly picture: ShownPicture;
  readonly answer: Answer;
  /** By the class's label. */
  readonly heatMaps: Map<string, ShownHeatMap>;
}

/** Gives the browser back what it holds for a picture that is shown nowhere any more. */
export function release({ picture, heatMaps }: Pick<Prediction, "picture" | "heatMaps">): void {
  URL.revokeObjectURL(picture.url);
  for (const { url } of heatMaps.values()) URL.revokeObjectURL(url);
}
