/** What people say of the answers, as metrics. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { LoggedPrediction } from "../../prediction-log/prediction-log.ts";

/** An answer of which somebody said whether it is right. */
export interface LabelledAnswer extends Pick<LoggedPrediction, "requestId" | "position" | "version"> {
  readonly isRight: boolean;
}

/** The accuracy of a version is that of its last labelled pictures. */
const labelledPictures = 1000;
/** Versions whose accuracy is shown: those that were labelled last. */
const shownVersions = 8;

export function labelMetrics(registers: Registry[]): { labelled(answer: LabelledAnswer): void } {
  const feedback = new Counter({
    name: "pawprint_feedback_total",
    help: "Pictures of which somebody said what they are, by whether it was predicted",
    labelNames: ["prediction"],
    registers,
  });
  const ofVersion = (name: string, help: string) => new Gauge({ name, help, labelNames: ["version"], registers });
  const accuracy = ofVersion(
    "pawprint_labelled_accuracy",
    `Share of right answers among the last ${labelledPictures} pictures that were labelled here since the start`,
  );
  const counted = ofVersion("pawprint_labelled_pictures", "Labelled pictures behind that accuracy");
  /** By version: whether each labelled picture's answer is right. */
  const known = new Map<string, Map<string, boolean>>();

  return {
    labelled({ requestId, position, version, isRight }) {
      feedback.labels(isRight ? "right" : "wrong").inc();
      const pictures = known.get(version) ?? new Map<string, boolean>();
      // Said once more, it is the latest.
      const picture = `${position} ${requestId}`;
      pictures.delete(picture);
      pictures.set(picture, isRight);
      dropFirst(pictures, labelledPictures);
      known.delete(version);
      known.set(version, pictures);
      for (const gone of dropFirst(known, shownVersions)) {
        accuracy.remove(gone);
        counted.remove(gone);
      }
      let right = 0;
      for (const one of pictures.values()) right += Number(one);
      accuracy.set({ version }, right / pictures.size);
      counted.set({ version }, pictures.size);
    },
  };
}

/** Removes what came first until `size` are left; gives their keys. */
function dropFirst<K>(map: Map<K, unknown>, size: number): K[] {
  const keys = [...map.keys()].slice(0, Math.max(0, map.size - size));
  for (const key of keys) map.delete(key);
  return keys;
}
