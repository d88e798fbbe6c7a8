/** Logs to a run in a loop until it is killed: FOLDER RUN_ID. Prints each step that was logged. */
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";

const [folder, runId] = process.argv.slice(2) as [string, string]; // its own test gives both
const store = await openFileRunStore(folder);
/** The last step may have been logged in part: it is logged again, and each step's points follow from its number. */
for (let step = Math.max(0, (await store.metricHistory(runId, "a")).length - 1); ; step++) {
  const keys = ["a", "val/b", `late/${Math.floor(step / 20)}`];
  const metrics = keys.map((key) => ({ key, value: step / 7, step, timestampMs: 1e12 + step }));
  const burst = Array.from({ length: 300 }, (_, at) => ({ ...metrics[0]!, key: "burst", step: step * 300 + at }));
  await store.logBatch(runId, {
    metrics: [...metrics, ...burst],
    params: new Map([[`p/${step}`, `${step}`.repeat(200)]]),
    tags: new Map([["step", `${step}`.repeat(200)], [`t/${step}`, "x"]]), // biome-ignore format: two tags
  });
  if (step % 5 === 0) await store.updateRun(runId, { name: `step ${step}` });
  if (step % 7 === 0) await store.writeArtifact({ runId }, `files/${step}`, Buffer.alloc(5000, 65 + (step % 26)));
  process.stdout.write(`${step}\n`);
}
