import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = (folder: string) =>
  promisify(execFile)(process.execPath, [join(folder, "bin/pawprint.mjs"), "--help"]).catch((error) => error);

it("says in a clone that was not built what to do, and runs a build", async () => {
  const clone = temporaryFolder("clone");
  await cp("bin", join(clone, "bin"), { recursive: true });
  expect(await run(clone)).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: Expected a built Pawprint; got a clone without dist/\nhint: npm ci && npm run build\n",
  });
  await mkdir(join(clone, "dist/cli"), { recursive: true });
  await writeFile(join(clone, "dist/cli/main.js"), "process.stdout.write(process.argv[2]);");
  await writeFile(join(clone, "package.json"), '{"type":"module"}');
  expect(await run(clone)).toMatchObject({ stdout: "--help", stderr: "" });
});
