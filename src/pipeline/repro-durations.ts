/** How long stages took the last time, for the time that is left: `.dvc/tmp/pawprint/stage-times.json`. */
import { join } from "node:path";
import { Type } from "typebox";
import { parseBoundedJson } from "../base/bounded-json.ts";
import { ensureFolder, writeFileAtomic } from "../base/files/atomic-file.ts";
import { readBytes } from "../base/files/read-file.ts";
import { matchesSchema } from "../base/schema/matches-schema.ts";
import type { Repository } from "../versioning/repo/repository.ts";

const schema = Type.Object({
  version: Type.Literal(1),
  seconds: Type.Record(Type.String(), Type.Number({ minimum: 0 })),
});
const largestBytes = 4 << 20;
const mostStages = 10_000;

/** Seconds by `dvc.yaml:train`. Empty where they are not known: the file can be deleted at any time. */
export async function readStageTimes(repository: Repository): Promise<ReadonlyMap<string, number>> {
  try {
    const value = parseBoundedJson(await readBytes(fileOf(repository), undefined, largestBytes));
    return matchesSchema(schema, value) ? new Map(Object.entries(value.seconds)) : new Map();
  } catch {
    return new Map();
  }
}

/** Writes one more; what cannot be written is only not known the next time. */
export async function noteStageTime(repository: Repository, stage: string, seconds: number): Promise<void> {
  const times = new Map(await readStageTimes(repository));
  times.delete(stage);
  times.set(stage, Math.round(seconds * 1000) / 1000);
  const newest = [...times].slice(-mostStages);
  try {
    await ensureFolder(join(repository.tempFolder, "pawprint"));
    const text = JSON.stringify({ version: 1, seconds: Object.fromEntries(newest) });
    await writeFileAtomic(fileOf(repository), text, { force: true });
  } catch {
    // A full disk is told by what the stage makes.
  }
}

function fileOf({ tempFolder }: Repository): string {
  return join(tempFolder, "pawprint", "stage-times.json");
}
