/**
 * Ctrl-C and SIGTERM as an AbortSignal: the first asks the work to end cleanly, a later one ends
 * the process.
 */
import { interruption } from "../../base/cancel.ts";
import { exitCodeOf } from "../../base/errors.ts";

type StopSignal = "SIGINT" | "SIGTERM";

/** The parts of `process` that are needed, so that a test can stand in for them. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * One Ctrl-C may arrive twice: the terminal signals every process of its group, and npm or a sweep
 * forwards its own. A signal within this time counts as the same one.
 */
const echoMs = 1000;

/** `notify` gets one line for people after the first signal. `nowMs` counts from any start. */
export function abortOnSignals(
  source: SignalSource,
  notify: (line: string) => void,
  nowMs: () => number = () => performance.now(),
): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    source.on(name, () => {
      const error = interruption(name);
      if (controller.signal.aborted) {
        if (nowMs() - firstMs > echoMs) source.exit(exitCodeOf(error));
        return;
      }
      firstMs = nowMs();
      notify("ending; once more ends at once\n");
      controller.abort(error);
    });
  }
  return controller.signal;
}
