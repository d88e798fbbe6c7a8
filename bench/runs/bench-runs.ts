/** The runs that both stores are filled with: settings, tags and metrics of a usual training. */
import { createRandom } from "../../src/base/random.ts";

export interface BenchRun {
  readonly id: string;
  readonly name: string;
  readonly startedMs: number;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly number[]>>;
}

const longKeys = ["train_loss", "val_loss", "val_accuracy", "train_accuracy"] as const;

/** The last `long` runs have `steps` values of each metric, the others one. */
export function* benchRuns(count: number, steps: number, long: number): Generator<BenchRun> {
  const random = createRandom(17);
  for (let at = 0; at < count; at++) {
    const length = at >= count - long ? steps : 1;
    const values = (from: number, to: number) =>
      Array.from({ length }, (_, step) => from + ((to - from) * (step + random.next())) / length);
    yield {
      id: runId(at),
      name: `run-${at}`,
      startedMs: 1_700_000_000_000 + at * 1000,
      params: Object.fromEntries(
        ["learningRate", "batchSize", "epochs", "optimizer", "size", "widths", "seed", "dropout"].map((key, place) => [
          key,
          place === 3 ? ["adamw", "sgd"][at % 2]! : String((at * (place + 1)) % 97),
        ]),
      ),
      tags: { team: `team-${at % 7}`, "mlflow.source.git.commit": "0".repeat(40) },
      metrics: {
        ...Object.fromEntries(longKeys.map((key) => [key, key.endsWith("loss") ? values(2, 0.2) : values(0.5, 0.9)])),
        test_accuracy: values(0.4, 0.8),
      },
    };
  }
}

export function runId(at: number): string {
  return (at + 1).toString(16).padStart(32, "0");
}
