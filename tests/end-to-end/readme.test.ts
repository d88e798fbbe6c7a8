import { execFile } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writePictureFolder } from "../support/picture-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const readme = await readFile("README.md", "utf8");

const blocks = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
const folder = temporaryFolder("readme");

/** Runs a program of the README in `folder`, against the sources, and gives what it prints. */
async function run(code: string): Promise<readonly string[]> {
  const own = code
    .replace(/"pawprint(\/\w+)?"/g, (_, entry = "/pawprint") =>
      JSON.stringify(pathToFileURL(`src/entries${entry}.ts`).href),
    )
    // Another program may listen on the port that people know.
    .replace("port: 8000", 'port: 0, logLevel: "error"');
  await writeFile(join(folder, "example.mjs"), own);
  const loader = import.meta.resolve("tsx");
  const line = ["--import", loader, "example.mjs"];
  const { stdout } = await promisify(execFile)(process.execPath, line, { cwd: folder });
  return stdout.trimEnd().split("\n");
}

it("has three programs, which run as they stand, one after the other and again", { timeout: 240_000 }, async () => {
  await writePictureFolder(join(folder, "pictures"));
  await writePictureFolder(join(folder, "holiday"), { perClass: 2, seed: 2 });
  await copyFile(join(folder, "holiday/red/red.0.png"), join(folder, "cat.jpg"));
  expect(blocks).toHaveLength(3);
  const [train = "", predict = "", serve = ""] = blocks;
  for (let again = 0; again < 2; again++) {
    const printed = await run(train);
    expect(printed.slice(0, 10).map((line) => line.replace(/: [\d.]+$/, ""))).toEqual(
      Array.from({ length: 10 }, (_, at) => `epoch ${at + 1}`),
    );
    expect(printed.slice(10)).toEqual([
      "models/pictures.onnx 1",
      "holiday/blue/blue.0.png blue",
      "holiday/blue/blue.1.png blue",
      "holiday/red/red.0.png red",
      "holiday/red/red.1.png red",
    ]);
  }
  expect(await run(predict)).toEqual(["red true 3"]);
  expect(await run(serve)).toEqual(["red"]);
});

it("links to files that exist", async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) await expect(readFile(link, "utf8"), link).resolves.not.toBe("");
});
