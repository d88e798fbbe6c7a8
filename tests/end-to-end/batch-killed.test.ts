/**
 * A batch prediction is killed again and again, without a chance to say goodbye, and must have each
 * picture once, with the numbers of a prediction that never was.
 */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { startPawprint } from "../support/pawprint-process.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const kills = 5;
const perClass = 200;
const cwd = temporaryFolder("batch-killed");
// Work of some seconds: the network is large for such small pictures.
const recipe = { width: 96, height: 96, channels: 3, fit: "cover", kernel: "cubic" } as const;
const line = ["batch", "pictures", "--model", "model.onnx", "--batch-size", "4", "--threads", "1"];
const start = (more: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startPawprint([...line, ...more], { cwd, env: { ...process.env, ...env } });
const linesOf = async (name: string) => (await readFile(join(cwd, name), "utf8")).trimEnd().split("\n");

beforeAll(async () => {
  await writePictureFolder(join(cwd, "pictures"), { perClass });
  await writeUntrainedBundle({ labels: ["blue", "red"], recipe, widths: [32, 64, 64] }, join(cwd, "model.onnx"));
}, 120_000);

it(`has each picture once through ${kills} kills; two shards add up to the same rows`, async () => {
  const state = join(cwd, "rows.jsonl.partial");
  const sizeOf = async () => (existsSync(state) ? (await stat(state)).size : 0);
  for (let kill = 1; kill <= kills; kill++) {
    const before = await sizeOf();
    const killed = start(["--out", "rows.jsonl", "--resume"]);
    // The header has fewer than 400 bytes.
    while ((await sizeOf()) < Math.max(400, before + 400) && killed.child.exitCode === null) await pause(5);
    await pause(31 * kill);
    killed.child.kill("SIGKILL");
    expect(await killed.ended, killed.err()).toBe("SIGKILL");
    expect(existsSync(join(cwd, "rows.jsonl"))).toBe(false);
  }
  const last = start(["--out", "rows.jsonl", "--resume", "--json"]);
  expect(await last.ended, last.err()).toBe(0);
  const { pictures, resumed } = JSON.parse(last.out());
  expect(pictures).toBe(2 * perClass);
  expect(resumed).toBeGreaterThan(4 * kills);
  const rows = await linesOf("rows.jsonl");
  expect(new Set(rows.map((row) => JSON.parse(row).id)).size).toBe(2 * perClass);
  expect(existsSync(state)).toBe(false);

  const parts = [0, 1].map((index) =>
    start(["--out", "part.jsonl", "--shard", "env"], { JOB_COMPLETION_INDEX: `${index}`, JOB_COMPLETIONS: "2" }),
  );
  for (const part of parts) expect(await part.ended, part.err()).toBe(0);
  const [first, second] = [await linesOf("part.0-of-2.jsonl"), await linesOf("part.1-of-2.jsonl")];
  expect([first.length, second.length]).toEqual([perClass, perClass]);
  expect([...first, ...second]).toEqual(rows);
}, 180_000);
