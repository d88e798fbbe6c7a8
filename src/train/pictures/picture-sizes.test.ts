import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { writeTar } from "../../../tests/support/tar-writer.ts";
import { openSource } from "../../dataset/sources/open-source.ts";
import { sampleShorterSides } from "./picture-sizes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-sizes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sidesOf(data: string): Promise<readonly number[]> {
  const source = await openSource(data);
  return sampleShorterSides(source).finally(() => source.close());
}

const picture = (width: number, height: number, format: "jpeg" | "png" | "webp") =>
  sharp({ create: { width, height, channels: 3, background: "teal" } })
    .toFormat(format)
    .toBuffer();

it("samples the shorter sides over a whole source, of every format, without files that cannot be read", async () => {
  const tar = join(folder, "mixed.tar");
  const members = [
    { name: "cat/1.jpg", content: await picture(40, 30, "jpeg") },
    { name: "cat/2.png", content: await picture(20, 90, "png") },
    { name: "cat/3.jpg", content: "no picture" },
    { name: "dog/4.webp", content: await picture(60, 50, "webp") },
  ];
  await writeFile(tar, writeTar(members));
  expect(await sidesOf(tar)).toEqual([20, 30, 50]);
});

it("looks at no more than 200 pictures, of all classes alike", async () => {
  const data = join(folder, "many");
  await writePictureFolder(data, { labels: ["small"], perClass: 300, sizePx: 6 });
  await writePictureFolder(data, { labels: ["tiny"], perClass: 300, sizePx: 5 });
  const sides = await sidesOf(data);
  expect([sides.length, sides.filter((side) => side === 5).length]).toEqual([200, 100]);
});
