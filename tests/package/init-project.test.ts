/** A project made by `pawprint init`, from the packed tarball alone: its README's commands, its pipeline, its tests. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const git = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"];

it("installs, runs its pipeline once, passes its tests, and serves", { timeout: 600_000 }, async () => {
  const folder = temporaryFolder("init");
  await execute("npm", ["pack", "--ignore-scripts=false", "--pack-destination", folder], { cwd: root });
  const tarball = join(folder, (await readdir(folder)).find((name) => name.endsWith(".tgz"))!);
  const command = join(root, "bin", "pawprint.mjs");
  await execute(process.execPath, [command, "init", "my-pets", "--pawprint", `file:${tarball}`], { cwd: folder });
  const project = join(folder, "my-pets");
  const run = (name: string, ...line: string[]) => execute(name, line, { cwd: project, maxBuffer: 1 << 26 });
  const pawprint = (...line: string[]) => run("npx", "--no-install", "pawprint", ...line);

  await run("git", "init", "--quiet");
  await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
  // Without a model the tests that need one are skipped, and say so.
  expect((await run("npm", "test")).stdout).toMatch(/npx pawprint repro/);
  await pawprint("data", "samples", "--to", "data/raw", "--per-class", "150", "--size", "48");
  await pawprint("data", "add", "data/raw");
  const params = await readFile(join(project, "params.yaml"), "utf8");
  await writeFile(
    join(project, "params.yaml"),
    params.replace("size: 64", "size: 32").replace("epochs: 20", "epochs: 8"),
  );
  await run("git", "add", ".");
  await run("git", ...git, "commit", "--quiet", "--message", "First version of the data");
  await pawprint("repro");
  const { nodes } = JSON.parse((await pawprint("repro", "--json")).stdout);
  expect(nodes.map(({ name, end }: Record<string, string>) => `${name} ${end}`)).toEqual([
    "data/raw.dvc unchanged",
    "train unchanged",
    "evaluate unchanged",
    "register unchanged",
  ]);
  expect((await run("npm", "test")).stdout).toMatch(/^# fail 0$/m);
  expect((await run("npm", "test")).stdout).toMatch(/^# skipped 0$/m);

  const service = spawn(
    "node",
    ["node_modules/pawprint/bin/pawprint.mjs", "serve", "models/my-pets.onnx", "--port", "0"],
    {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(async () => {
    if (service.exitCode !== null) return;
    service.kill("SIGTERM");
    await once(service, "exit");
  });
  const url = await new Promise<string>((resolveUrl) => {
    let text = "";
    const look = (chunk: Buffer) => {
      text += chunk;
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(text);
      if (found !== null) resolveUrl(found[0]);
    };
    service.stdout.on("data", look);
    service.stderr.on("data", look);
  });
  await run("scripts/smoke-test.sh", url);
  await expect(run("scripts/smoke-test.sh", "http://127.0.0.1:9")).rejects.toMatchObject({ code: 1 });
});
