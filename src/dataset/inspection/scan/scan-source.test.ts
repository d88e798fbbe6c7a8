import { expect, it } from "vitest";
import type { PixelSample, Source } from "../../sources/source.ts";
import { scanSource } from "./scan-source.ts";

it("takes samples as it goes: of millions it keeps the facts alone", async () => {
  let made = 0;
  let furthestAhead = 0;
  let scanned = 0;
  const source: Source = {
    kind: "idx",
    location: "",
    skipped: [],
    remarks: [],
    async *samples(): AsyncGenerator<PixelSample> {
      made = 0;
      for (let at = 0; at < 200; at++) {
        made++;
        const image = { width: 4, height: 4, channels: 1 as const, pixels: new Uint8Array(16).fill(at) };
        yield { id: `${at}`, label: "a", stamp: "", image };
      }
    },
    close: async () => {},
  };
  const totals: unknown[] = [];
  const { pictures } = await scanSource(source, {
    concurrency: 4,
    progress: {
      start: ({ total }) => {
        totals.push(total);
        const advance = (): void => {
          scanned++;
          furthestAhead = Math.max(furthestAhead, made - scanned);
        };
        return { advance, done: () => {}, fail: () => {} };
      },
    },
  });
  expect(totals).toEqual([200]);
  expect(pictures.map(({ facts }) => facts.id)).toEqual(Array.from({ length: 200 }, (_, at) => `${at}`));
  expect(furthestAhead).toBeLessThanOrEqual(8);
});
