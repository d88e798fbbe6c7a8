import { describe, expect, it } from "vitest";
import { createProgressLines } from "./progress.ts";

function recorded() {
  const lines: string[] = [];
  let nowMs = 0;
  const progress = createProgressLines({ write: (line) => lines.push(line), now: () => nowMs });
  return { lines, progress, passMs: (ms: number) => (nowMs += ms) };
}

describe("progress lines", () => {
  it("are the first, the last, and one every five seconds", () => {
    const { lines, progress, passMs } = recorded();
    const task = progress.start({ label: "decode", total: 1200, unit: "images" });
    for (let second = 1; second <= 12; second++) {
      passMs(1000);
      task.advance(100, `folder ${second}`);
    }
    task.done();
    task.done();
    task.advance(5);
    expect(lines).toEqual([
      "decode: started, 1200 images\n",
      "decode: 41% (500/1200 images), 100 images/s, 7.0 s left - folder 5\n",
      "decode: 83% (1000/1200 images), 100 images/s, 2.0 s left - folder 10\n",
      "decode: 1200 images in 12.0 s, 100 images/s - folder 12\n",
    ]);
  });

  it("say where a task failed, and with what", () => {
    const { lines, progress, passMs } = recorded();
    const task = progress.start({ label: "fetch", unit: "B" });
    passMs(2000);
    task.advance(3_000_000);
    task.fail("connection lost");
    expect(lines).toEqual(["fetch: started\n", "fetch: failed after 3.0 MB in 2.0 s, 1.5 MB/s - connection lost\n"]);
  });
});
