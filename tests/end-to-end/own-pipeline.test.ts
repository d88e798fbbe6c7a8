import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ownPipeline } from "../support/own-pipeline.ts";
import { pawprintCommand, startPawprint, startProcess } from "../support/pawprint-process.ts";

async function run(folder: string, ...line: readonly string[]) {
  const { ended, out, err } = startPawprint([...line, "--json"], { cwd: folder });
  expect({ code: await ended, err: err().slice(-2000) }).toMatchObject({ code: 0 });
  return JSON.parse(out()) as { nodes: { name: string; end: string }[]; models: { name: string }[]; isClean: boolean };
}

it("runs whole in a fresh clone, and then nothing", async () => {
  const folder = await ownPipeline();
  const ends = async (...line: readonly string[]) =>
    (await run(folder, "repro", ...line)).nodes.map(({ name, end }) => `${name} ${end}`);
  expect(await ends()).toEqual(["prepare ran", "train ran", "evaluate ran", "register ran"]);
  expect(await ends()).toEqual(["prepare unchanged", "train unchanged", "evaluate unchanged", "register unchanged"]);
  expect((await run(folder, "data", "status")).isClean).toBe(true);
  expect((await run(folder, "models", "list")).models.map(({ name }) => name)).toEqual(["drawings"]);
  // Other settings of the training: the pictures stay.
  const params = join(folder, "params.yaml");
  await writeFile(params, (await readFile(params, "utf8")).replace("epochs: 1", "epochs: 2"));
  expect((await ends()).slice(0, 2)).toEqual(["prepare unchanged", "train ran"]);
}, 240_000);

it("goes on after it was killed", async () => {
  const folder = await ownPipeline();
  const killed = startProcess([...pawprintCommand, "repro"], { cwd: folder });
  await expect.poll(killed.err, { timeout: 60_000 }).toMatch(/stage 2 of 4: train/);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const { nodes } = await run(folder, "repro");
  expect(nodes.map(({ name, end }) => `${name} ${end}`)).toEqual([
    "prepare unchanged",
    "train ran",
    "evaluate ran",
    "register ran",
  ]);
}, 240_000);
