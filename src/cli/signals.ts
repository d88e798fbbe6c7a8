/** Ctrl-C and SIGTERM as an AbortSignal: the first asks the work to end cleanly, the second ends the process. */
import { interruption } from "../base/cancel.ts";
import { exitCodeOf } from "../base/errors.ts";

type StopSignal = "SIGINT" | "SIGTERM";

/** The parts of `process` that are needed, so that a test can stand in for them. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/** `notify` gets one line for people after the first signal. */
export function abortOnSignals(source: SignalSource, notify: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    source.on(name, () => {
      const error = interruption(name);
      if (controller.signal.aborted) {
        source.exit(exitCodeOf(error));
        return;
      }
      notify("ending; once more ends at once\n");
      controller.abort(error);
    });
  }
  return controller.signal;
}
