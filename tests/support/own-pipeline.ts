/** This repository's own pipeline in a folder of a test. */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "vitest";
import { git } from "./dvc-peer.ts";
import { pawprintCommand } from "./pawprint-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** The pipeline of this repository in a clone of its own, with fewer pictures and epochs, run from the sources. */
export async function ownPipeline(): Promise<string> {
  const folder = temporaryFolder("own-pipeline");
  git(folder, "init", "-q");
  for (const name of ["dvc.yaml", "dvc.lock", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore"]) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await cp(join(repository, name), join(folder, name));
  }
  const params = await readFile(join(repository, "params.yaml"), "utf8");
  const small = params.replace("perClass: 600", "perClass: 40").replace("epochs: 12", "epochs: 1");
  expect(small).not.toBe(params);
  await writeFile(join(folder, "params.yaml"), small);
  const [, , loader, main] = pawprintCommand;
  await mkdir(join(folder, "bin"));
  const imports = [loader, pathToFileURL(main).href].map((file) => `await import(${JSON.stringify(file)});\n`);
  await writeFile(join(folder, "bin/pawprint.mjs"), imports.join(""));
  return folder;
}
