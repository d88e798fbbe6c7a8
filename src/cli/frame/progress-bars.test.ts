import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { ConsoleProgress } from "./progress.ts";
import { createProgressBars } from "./progress-bars.ts";

/** A terminal of 120 columns that keeps what is written to it. */
function terminal() {
  let text = "";
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    }),
    { isTTY: true, columns: 120 },
  );
  return { stream, raw: () => text, shown: () => stripVTControlCharacters(text) };
}

let progress: ConsoleProgress | undefined;
afterEach(() => progress?.close());

describe("progress bars", () => {
  it("show label, bar, share, rate, time left and note, and leave one line", () => {
    const { stream, raw, shown } = terminal();
    let nowMs = 0;
    progress = createProgressBars({ stream, now: () => nowMs });
    const task = progress.start({ label: "decode", total: 1000, unit: "images" });
    nowMs = 2000;
    task.advance(250, "cats");
    progress.write("a line of the log\n");
    task.done();
    expect(shown()).toContain(
      "decode  ██████░░░░░░░░░░░░░░░░░░  25% (250/1000 images), 125 images/s, 6.0 s left  cats",
    );
    expect(shown()).toContain("a line of the log\n");
    expect(shown().endsWith("decode: 250 images in 2.0 s, 125 images/s - cats\n")).toBe(true);
    expect(raw()).not.toContain("\u001b[?7l"); // the terminal's line wrapping stays on
  });

  it("keep the other bars when one task of several ends", () => {
    const { stream, shown } = terminal();
    progress = createProgressBars({ stream, now: () => 0 });
    const outer = progress.start({ label: "train", total: 2, unit: "epochs" });
    const inner = progress.start({ label: "epoch 1", total: 5, unit: "batches" });
    inner.fail("loss is NaN");
    outer.advance();
    outer.done();
    expect(shown()).toContain("epoch 1: failed after 0 batches in 0 ms - loss is NaN\n");
    expect(shown().endsWith("train: 1 epoch in 0 ms\n")).toBe(true);
  });

  it("end with a line for each task that nobody ended, and write on plainly after that", () => {
    const { stream, shown } = terminal();
    progress = createProgressBars({ stream, now: () => 0 });
    progress.start({ label: "fetch", unit: "B" }).advance(10);
    progress.close();
    progress.write("error\n");
    expect(shown().endsWith("fetch: ended early\nerror\n")).toBe(true);
  });
});
