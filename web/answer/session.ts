/** Sends pictures to the service and shows their answers; a new request cancels the one before it. */

import type { PictureView } from "../picture/picture-view.ts";
import type { ShownPicture, ShownPrediction } from "../picture/shown-picture.ts";
import { shrinkPicture } from "../picture/shrink-picture.ts";
import { type Answer, predict } from "../service/api.ts";
import { type ServiceError, toServiceError } from "../service/service-error.ts";
import type { AnswerView } from "./answer-view.ts";
import type { HeatMapView } from "./heat-map-view.ts";
import type { History } from "./history.ts";

/** A picture that somebody brought. */
export interface Brought {
  readonly name: string;
  /** The file, or where it has yet to be fetched from. */
  readonly file: Blob | ((signal: AbortSignal) => Promise<Blob>);
  /** A sample's own label. */
  readonly label?: string;
  /** The number of the drawing, where it was drawn here. */
  readonly drawing?: number;
}

export interface SessionViews {
  readonly picture: PictureView;
  readonly answer: AnswerView;
  readonly heatMap: HeatMapView;
  readonly history: History;
  readonly announce: (text: string) => void;
  /** The largest body that the service takes, in bytes. */
  readonly limitBytes: () => number;
  readonly onAnswer: (answer: Answer) => void;
}

export interface Session {
  /**
   * Sends one picture after the other. Cancels what is still under way.
   */
  ask(pictures: readonly Brought[]): Promise<void>;
  /** Shows an earlier prediction, without asking again. */
  showAgain(prediction: ShownPrediction): void;
  /** Shows an error that came before there was a picture. */
  fail(error: ServiceError): void;
}

export function createSession(views: SessionViews): Session {
  let running: AbortController | undefined;
  let pictures = 0;
  /** The picture whose answer is still to come: it is in no list yet. */
  let unanswered: ShownPicture | undefined;

  const begin = (): AbortSignal => {
    running?.abort();
    running = new AbortController();
    if (unanswered) URL.revokeObjectURL(unanswered.url);
    unanswered = undefined;
    return running.signal;
  };
  const fail = (error: ServiceError, retry: () => void): void => {
    views.heatMap.follow(undefined);
    views.answer.fail(error, retry);
    views.announce(`${error.title}. ${error.hint ?? error.message}.`);
  };
  const askOne = async (brought: Brought, signal: AbortSignal): Promise<void> => {
    views.answer.wait();
    const brings = typeof brought.file === "function" ? await brought.file(signal) : brought.file;
    const { file, note } = await shrinkPicture(brings, views.limitBytes());
    if (signal.aborted) return;
    pictures += 1;
    const id = brought.drawing === undefined ? pictures : -brought.drawing;
    const picture = { id, name: brought.name, file, note, label: brought.label, url: URL.createObjectURL(file) };
    unanswered = picture;
    if (brought.drawing === undefined) views.picture.show(picture);
    const answer = await predict(file, signal);
    if (signal.aborted) return;
    unanswered = undefined;
    const prediction: ShownPrediction = { picture, answer, feedback: {}, heatMaps: new Map() };
    views.answer.show(prediction);
    views.heatMap.follow(prediction);
    views.history.add(prediction);
    views.announce(spoken(answer));
    views.onAnswer(answer);
  };

  const ask = async (brought: readonly Brought[]): Promise<void> => {
    const signal = begin();
    for (const [index, one] of brought.entries()) {
      try {
        await askOne(one, signal);
      } catch (error) {
        if (!signal.aborted) fail(toServiceError(error), () => void ask(brought.slice(index)));
        return;
      }
      if (signal.aborted) return;
    }
  };
  return {
    ask,
    showAgain(prediction) {
      begin();
      views.picture.show(prediction.picture);
      views.answer.show(prediction);
      views.heatMap.follow(prediction);
      views.announce(spoken(prediction.answer));
    },
    fail(error) {
      begin();
      fail(error, () => undefined);
    },
  };
}

/** The answer as a screen reader says it: the first class and the next two. */
function spoken({ classes }: Answer): string {
  const [first, ...others] = classes
    .slice(0, 3)
    .map(({ label, probability }) => `${label}, ${(probability * 100).toFixed(1)} percent`);
  return others.length === 0 ? `${first}.` : `${first}. Then ${others.join("; ")}.`;
}
