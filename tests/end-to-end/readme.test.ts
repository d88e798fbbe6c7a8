import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writePictureFolder } from "../support/picture-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const readme = await readFile("README.md", "utf8");

it("runs the README's library example as it stands", async () => {
  const folder = temporaryFolder("readme");
  await writePictureFolder(join(folder, "pictures"));
  await writePictureFolder(join(folder, "holiday"), { perClass: 2, seed: 2 });
  const [, code = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const library = pathToFileURL("src/entries/pawprint.ts").href;
  await writeFile(join(folder, "example.mjs"), code.replace('"pawprint"', JSON.stringify(library)));
  const loader = import.meta.resolve("tsx");
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", loader, "example.mjs"], {
    cwd: folder,
  });
  const [trained, ...predictions] = stdout.trimEnd().split("\n");
  expect(trained).toBe("models/pictures.onnx 1");
  expect(predictions).toEqual([
    "holiday/blue/blue.0.png blue",
    "holiday/blue/blue.1.png blue",
    "holiday/red/red.0.png red",
    "holiday/red/red.1.png red",
  ]);
});

it("links to files that exist", async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) await expect(readFile(link, "utf8"), link).resolves.not.toBe("");
});
