import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { openStandardOutput } from "./standard-streams.ts";

/** A stream whose reader takes text when told to. */
function slowStream() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = Object.assign(new EventEmitter(), {
    write(text: string, done: () => void) {
      taken.push(text);
      waiting.push(done);
      return true;
    },
  });
  return {
    stream: stream as unknown as NodeJS.WriteStream, // as far as it is used
    taken,
    takeAll: () => {
      for (const done of waiting.splice(0)) done();
    },
    fail: (code: string) => stream.emit("error", Object.assign(new Error(code), { code })),
  };
}

function open() {
  const slow = slowStream();
  const said: string[] = [];
  const output = openStandardOutput(slow.stream, {
    tell: (error) => said.push(error.message),
    exit: (code) => said.push(`exit ${code}`),
  });
  return { ...slow, output, said };
}

const never = new AbortController().signal;

describe("standard output", () => {
  it("ends the process where its reader is gone, as a closed pipe ends other programs", () => {
    const { fail, said, output, taken } = open();
    fail("EPIPE");
    fail("EPIPE");
    output.write("more");
    expect({ said, taken }).toEqual({ said: ["exit 141"], taken: [] });
  });

  it("names a full disk", () => {
    const { fail, said } = open();
    fail("ENOSPC");
    expect(said).toEqual(["Expected a path that can be written; got a full disk [ENOSPC] (standard output)", "exit 1"]);
  });

  it.each([
    ["EPIPE", false, 0, 0],
    ["EPIPE", false, 1, 1],
    ["EPIPE", true, 0, 141],
    ["ENOSPC", false, 0, 1],
    ["ENOSPC", true, 143, 143],
  ])("of a command that works on, after %s (needed: %s, exit code %i): %i", (code, isNeeded, own, expected) => {
    const { fail, said, output } = open();
    output.workOn(isNeeded);
    fail(code);
    expect(said.some((line) => line.startsWith("exit"))).toBe(false);
    expect(output.exitCodeFor(own)).toBe(expected);
  });

  it("is waited for until all is taken", async () => {
    const { output, takeAll } = open();
    let isTaken = false;
    output.write("a");
    const waiting = output.taken(never).then(() => {
      isTaken = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).toBe(false);
    takeAll();
    await waiting;
    await output.taken(never);
  });

  it("is not waited for for ever after a signal, nor after a failure", async () => {
    const stalled = open();
    stalled.output.write("a");
    const controller = new AbortController();
    const waiting = stalled.output.taken(controller.signal);
    controller.abort();
    await waiting;
    const broken = open();
    broken.output.write("a");
    broken.fail("EPIPE");
    await broken.output.taken(never);
  });
});
