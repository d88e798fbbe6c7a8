import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBrokenPictures } from "../../../tests/support/broken-pictures.ts";
import { writeIdxFolder, writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { plantedKinds, writePlantedSet } from "../../../tests/support/planted-faults.ts";
import { interruption } from "../../base/cancel.ts";
import type { Progress } from "../../base/progress.ts";
import { openSource } from "../sources/open-source.ts";
import type { InspectionThresholds } from "./findings/thresholds.ts";
import { inspectSource } from "./inspect-source.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "pawprint-planted-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("an inspection", () => {
  it("ends where it is interrupted, and says how far it came until then", async () => {
    await writePictureFolder(join(root, "pets"), { perClass: 10 });
    const controller = new AbortController();
    let advanced = 0;
    const ends: string[] = [];
    const progress: Progress = {
      start: () => ({
        advance: () => {
          if (++advanced === 5) controller.abort(interruption("SIGINT"));
        },
        done: () => ends.push("done"),
        fail: () => ends.push("fail"),
      }),
    };
    const source = await openSource(join(root, "pets"));
    const inspection = inspectSource(source, { progress, signal: controller.signal, concurrency: 2 });
    await expect(inspection).rejects.toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
    expect(advanced).toBeLessThan(10);
    expect(ends).toEqual(["fail"]);
  });

  it("takes greyness for a fault only where most pictures have colours", async () => {
    await writeIdxFolder(join(root, "digits"));
    const { findings, durationMs } = await inspectSource(await openSource(join(root, "digits")), { nowMs: () => 7 });
    expect(findings.filter(({ kind }) => kind === "greyscale")).toEqual([]);
    expect(durationMs).toBe(0);
  });

  it("draws its lines where the thresholds say", async () => {
    await writePictureFolder(join(root, "small"), { perClass: 3, sizePx: 20 });
    const source = await openSource(join(root, "small"));
    const kindsWith = async (thresholds: Partial<InspectionThresholds>): Promise<string[]> => {
      const { findings } = await inspectSource(source, { thresholds });
      return [...new Set(findings.map(({ kind }) => kind))];
    };
    expect(await kindsWith({})).toEqual([]);
    expect(await kindsWith({ minSidePx: 21, minSpread: 60 })).toEqual(["near-constant", "too-small"]);
    expect(await kindsWith({ minColourfulness: 256 })).toEqual([]);
  });
});

it("gives the same findings in each of its runs, however the pictures are decoded beside each other", async () => {
  const folder = join(root, "broken");
  for (const [name, bytes] of Object.entries(await makeBrokenPictures())) {
    for (const label of ["cat", "dog"]) {
      await mkdir(join(folder, label), { recursive: true });
      for (const copy of [1, 2, 3]) await writeFile(join(folder, label, `${name}-${copy}.jpg`), bytes);
    }
  }
  const source = await openSource(folder);
  const runs: string[] = [];
  for (const concurrency of [1, 16, 16, 64]) {
    const { findings } = await inspectSource(source, { concurrency });
    runs.push(JSON.stringify(findings));
  }
  expect(new Set(runs).size).toBe(1);
  expect(runs[0]).toContain("ends before the picture does");
});

describe("an inspection of 1,000 clean pictures and 200 faulty ones", () => {
  it("finds every planted fault by its kind, and nothing else", async () => {
    const planted = await writePlantedSet(root, { clean: 1000, perKind: 7, seed: 1 });
    const faulty = new Set(planted.faults.flatMap(({ ids }) => ids));
    expect(plantedKinds).toBeGreaterThanOrEqual(15);
    expect(faulty.size).toBeGreaterThanOrEqual(200);

    const source = await openSource(planted.folder);
    const inspection = await inspectSource(source);
    const named = (kind: string, ids: readonly string[]): string => `${kind}: ${ids.toSorted().join(", ")}`;
    expect(inspection.findings.map(({ kind, ids }) => named(kind, ids)).sort()).toEqual(
      planted.faults.map(({ kind, ids }) => named(kind, ids)).sort(),
    );
  });
});
