/**
 * Pawprint sends nothing anywhere by itself: no file in the user's folders, no name looked up, no
 * address connected to.
 */
import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { pawprintCommand, startProcess } from "../support/pawprint-process.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { petModel } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const cwd = temporaryFolder("telemetry");
beforeAll(async () => {
  await writePictureFolder(join(cwd, "pictures"));
  await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
});

/** Sees what the engine does too, which is no JavaScript. Without it only the files are looked at. */
const canTrace = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;
if (!canTrace)
  process.stderr.write("strace does not run here: connections are not looked at (apt-get install strace)\n");

/** Runs a command in an empty home; gives the files it left there and the addresses it turned to. */
async function traces(line: string, use?: (origin: string) => Promise<void>) {
  const home = join(cwd, line.split(" ")[0]!);
  await mkdir(home);
  const { ORT_DISABLE_TELEMETRY: _, ...inherited } = process.env;
  // A user whose name is known is not looked up.
  const folders = { USER: "someone", HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const log = `${home}.calls`;
  const tracer = ["strace", "-f", "-qq", "-o", log, "-e", "trace=connect,sendto,sendmsg,sendmmsg"];
  const running = startProcess([...(canTrace ? tracer : []), ...pawprintCommand, ...line.split(" ")], {
    cwd,
    env: { ...inherited, ...folders },
    // With the tracer, which passes no signals on.
    detached: true,
  });
  if (use !== undefined) {
    await expect.poll(running.err, { timeout: 30_000 }).toMatch(/on http:/);
    await use(/on (http:\S+?) /.exec(running.err())![1]!);
    process.kill(-running.child.pid!, "SIGTERM");
  }
  await running.ended;
  const calls = canTrace ? (await readFile(log, "utf8")).split("\n") : [];
  // Names are looked up through UDP, or through the socket of a cache of names.
  const addresses = calls.filter((call) => /sa_family=AF_INET|nscd|systemd\/resolve/.test(call));
  return { files: await readdir(home, { recursive: true }), addresses, err: running.err() };
}

it
  .runIf(process.platform !== "win32")
  .each([
    "train --data pictures --size 8 --widths 4 --epochs 1 --out trained.onnx",
    "predict pets.onnx pictures/blue/blue.0.png",
  ])(
  "%s",
  async (line) => {
    expect(await traces(line)).toMatchObject({ files: [], addresses: [] });
  },
  60_000,
);

it.runIf(process.platform !== "win32")(
  "serve pets.onnx, for longer than the engine waits before it reports",
  async () => {
    const found = await traces("serve pets.onnx --port 0 --samples pictures", async (origin) => {
      const sample = await (await fetch(`${origin}/samples/0`)).arrayBuffer();
      const answer = await fetch(`${origin}/predict`, {
        method: "POST",
        headers: { "content-type": "image/png" },
        body: sample,
      });
      expect(answer.status).toBe(200);
      await pause(canTrace ? 10_000 : 0);
    });
    expect(found).toMatchObject({ files: [], addresses: [] });
  },
  60_000,
);
