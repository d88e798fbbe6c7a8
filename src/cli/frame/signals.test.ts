import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { abortOnSignals } from "./signals.ts";

function source() {
  const ends: string[] = [];
  const process = Object.assign(new EventEmitter(), {
    pid: 7,
    kill: (pid: number, signal: string) => void ends.push(`kill ${pid} ${signal}`),
    exit: (code: number) => void ends.push(`exit ${code}`),
  });
  return { process, ends };
}

describe("signals", () => {
  it("abort the work at the first and end the process at the next, but for its echo", () => {
    const { process, ends } = source();
    const lines: string[] = [];
    let now = 5;
    const signal = abortOnSignals(process, {
      notify: (line) => lines.push(line),
      cleanUp: () => ends.push("clean up"),
      nowMs: () => now,
    });
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT");
    expect(signal.reason).toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
    expect(lines).toEqual(["ending; once more ends at once\n"]);
    now += 900;
    process.emit("SIGTERM");
    expect(ends).toEqual([]);
    now += 200;
    process.emit("SIGINT");
    expect(ends).toEqual(["clean up", "kill 7 SIGINT", "exit 130"]);
    expect(lines.at(-1)).toBe("ended at once\n");
    expect(process.listenerCount("SIGINT")).toBe(0);
  });

  it("tell SIGTERM from Ctrl-C", () => {
    const { process, ends } = source();
    let now = 0;
    const signal = abortOnSignals(process, { notify: () => undefined, cleanUp: () => undefined, nowMs: () => now });
    process.emit("SIGTERM");
    expect(signal.reason).toMatchObject({ received: "SIGTERM" });
    now = 2000;
    process.emit("SIGTERM");
    expect(ends).toEqual(["kill 7 SIGTERM", "exit 143"]);
  });
});
