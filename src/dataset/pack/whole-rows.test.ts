import { open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { interruption } from "../../base/cancel.ts";
import type { Progress } from "../../base/progress.ts";
import { type Recipe, recipeSizeBytes } from "../../image/recipe.ts";
import { PictureTable } from "./picture-table.ts";
import { shardName } from "./shards.ts";
import { wholeRows } from "./whole-rows.ts";

/** Rows of zeros in a file without blocks; the second picture's checksum is another. */
async function plant(count: number, side: number) {
  const folder = temporaryFolder("whole-rows");
  const recipe: Recipe = { width: side, height: side, channels: 3, fit: "cover", kernel: "cubic" };
  const rowBytes = recipeSizeBytes(recipe);
  const header = { recipe, generation: "00000000", rowsPerShard: count };
  const handle = await open(join(folder, shardName(header.generation, 0)), "wx");
  await handle.truncate(count * rowBytes);
  await handle.close();
  const crc = crc32(new Uint8Array(rowBytes));
  const pictures = new PictureTable();
  for (let row = 0; row < count; row++) {
    pictures.add({ id: `${row}`, label: "a", stamp: "", row, hash: "0".repeat(64), crc: row === 1 ? crc ^ 1 : crc });
  }
  return { folder, header, pictures };
}

function record(): { progress: Progress; told: unknown[] } {
  const told: unknown[] = [];
  const start: Progress["start"] = ({ total }) => {
    told.push(total);
    let count = 0;
    return { advance: (more = 1) => (count += more), done: () => told.push(count), fail: () => told.push("fail") };
  };
  return { progress: { start }, told };
}

it("tells how far it is where a pack is large, and leaves out what is damaged", async () => {
  const large = await plant(22, 4096);
  const { progress, told } = record();
  const whole = await wholeRows(large.folder, large.header, large.pictures, { progress });
  expect([...whole].map(({ row }) => row)).toEqual([0, ...Array.from({ length: 20 }, (_, at) => at + 2)]);
  expect(told).toEqual([22, 22]);
}, 60_000);

it("says nothing of a small one, and ends where it is interrupted", async () => {
  const { folder, header, pictures } = await plant(5, 8);
  const { progress, told } = record();
  expect(await wholeRows(folder, header, pictures, { progress })).toHaveLength(4);
  expect(told).toEqual([]);
  const signal = AbortSignal.abort(interruption("SIGINT"));
  expect(await failureOf(wholeRows(folder, header, pictures, { signal }))).toMatchObject({ code: "INTERRUPTED" });
});
