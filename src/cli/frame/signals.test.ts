import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { abortOnSignals } from "./signals.ts";

function source() {
  const exits: number[] = [];
  return { source: Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) }), exits };
}

describe("signals", () => {
  it("abort the work at the first and end the process at the next, but for its echo", () => {
    const { source: process, exits } = source();
    const lines: string[] = [];
    let now = 5;
    const signal = abortOnSignals(
      process,
      (line) => lines.push(line),
      () => now,
    );
    expect(signal.aborted).toBe(false);
    process.emit("SIGINT");
    expect(signal.reason).toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
    expect(lines).toEqual(["ending; once more ends at once\n"]);
    expect(exits).toEqual([]);
    now += 900;
    process.emit("SIGTERM");
    expect(exits).toEqual([]);
    now += 200;
    process.emit("SIGINT");
    expect(exits).toEqual([130]);
  });

  it("tell SIGTERM from Ctrl-C", () => {
    const { source: process, exits } = source();
    let now = 0;
    const signal = abortOnSignals(
      process,
      () => undefined,
      () => now,
    );
    process.emit("SIGTERM");
    expect(signal.reason).toMatchObject({ received: "SIGTERM" });
    now = 2000;
    process.emit("SIGTERM");
    expect(exits).toEqual([143]);
  });
});
