/**
 * Ctrl-C and SIGTERM as an AbortSignal: the first asks the work to end cleanly, a later one ends
 * the process.
 */
import { interruption } from "../../base/cancel.ts";
import { exitCodeOf } from "../../base/errors.ts";

export type StopSignal = "SIGINT" | "SIGTERM";

/** The parts of `process` that are needed, so that a test can stand in for them. */
export interface SignalSource {
  readonly pid: number;
  on(signal: StopSignal, listener: () => void): unknown;
  removeAllListeners(signal: StopSignal): unknown;
  kill(pid: number, signal: StopSignal): unknown;
  exit(code: number): void;
}

export interface SignalActions {
  /** Gets one line for people after each signal. */
  readonly notify: (line: string) => void;
  /** Called before the process ends at once; must not wait for anything. */
  readonly cleanUp: () => void;
  /** Milliseconds from any start. */
  readonly nowMs?: () => number;
}

/**
 * One Ctrl-C may arrive twice: the terminal signals every process of its group, and npm or a sweep
 * forwards its own. A signal within this time counts as the same one.
 */
const echoMs = 1000;

export function abortOnSignals(
  source: SignalSource,
  { notify, cleanUp, nowMs = () => performance.now() }: SignalActions,
): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    source.on(name, () => {
      if (controller.signal.aborted) {
        if (nowMs() - firstMs <= echoMs) return;
        notify("ended at once\n");
        cleanUp();
        endBySignal(source, name);
        return;
      }
      firstMs = nowMs();
      notify("ending; once more ends at once\n");
      controller.abort(interruption(name));
    });
  }
  return controller.signal;
}

/**
 * Ends the process as the signal does where nobody listens; for the shell that is exit code 130 or
 * 143. `exit` would wait for threads, such as one that opens a FIFO. As the first process of a
 * container it must do: there the system ignores such a signal.
 */
export function endBySignal(source: SignalSource, name: StopSignal): void {
  source.removeAllListeners(name);
  source.kill(source.pid, name);
  source.exit(exitCodeOf(interruption(name)));
}
