/** A process that records a run is killed again and again: nothing is torn, lost or there twice. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import { keysBelow } from "../../src/tracking/files/keyed-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const kills = 25;
const folder = temporaryFolder("runs-killed");
/** One file starts in a tenth of the time; inside the repository, where it finds its packages. */
const script = fileURLToPath(
  new URL(`../../node_modules/.cache/pawprint/logging-process-${process.pid}.mjs`, import.meta.url),
);
beforeAll(async () => {
  const entryPoints = [fileURLToPath(new URL("../support/logging-process.ts", import.meta.url))];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", packages: "external" });
});
afterAll(() => rm(script));

function startLogging(runId: string) {
  const child = spawn(process.execPath, [script, folder, runId], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

it(`keeps a run whole through ${kills} kills`, { timeout: 180_000 }, async () => {
  const store = await openFileRunStore(folder);
  const { id: experimentId } = await store.ensureExperiment("killed");
  const { id } = await store.createRun({ experimentId, name: "killed", startedMs: 1 });
  const random = createRandom(1);
  let acknowledged = -1;
  for (let kill = 0; kill < kills; kill++) {
    const child = startLogging(id);
    const ended = once(child, "exit");
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
    // Some steps each, so that a busy machine does not kill it before it has work to lose.
    while (printed.split("\n").length < 4) await once(child.stdout, "data");
    await pause(random.integer(60));
    child.kill("SIGKILL");
    await ended;
    acknowledged = Math.max(acknowledged, ...printed.split("\n").slice(0, -1).map(Number));

    // What was printed is there, and all that can be read is whole.
    const run = await store.getRun(id);
    expect((await store.metricHistory(id, "a")).length).toBeGreaterThan(acknowledged);
    for (const [key, value] of run.params) expect(value).toBe(key.slice(2).repeat(200));
    expect(run.tags.get("step")).toMatch(/^(\d+)\1{199}$/);
    expect((await store.searchRuns({ experimentIds: [experimentId] })).faults).toEqual([]);
  }
  expect(acknowledged).toBeGreaterThan(kills);

  // The next one goes on where the last was killed.
  const child = startLogging(id);
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await ended;
  const path = join(folder, experimentId, id);
  for (const key of keysBelow(join(path, "metrics"))) {
    const lines = (await readFile(join(path, "metrics", key), "utf8")).split("\n");
    expect(new Set(lines).size).toBe(lines.length);
    const steps = (await store.metricHistory(id, key)).map(({ step }) => step);
    expect(steps).toEqual(Array.from(steps, (_, at) => steps[0]! + at));
  }
  for (const { path: file } of await store.listArtifacts({ runId: id }, "files")) {
    let size = 0;
    for await (const chunk of store.readArtifact({ runId: id }, file)) size += chunk.length;
    expect(size).toBe(5000);
  }
});
