/** How a command ends: full disks, readers that stall or go away, signals, few open files. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { shellWord } from "../../src/base/shell-word.ts";
import { pawprintCommand, startPawprint, startProcess } from "../support/pawprint-process.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { petModel } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const cwd = temporaryFolder("endings");
beforeAll(async () => {
  await writePictureFolder(join(cwd, "pictures"));
  await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
});

const exists = (name: string): Promise<boolean> =>
  access(join(cwd, name)).then(
    () => true,
    () => false,
  );
const trainLine = (name: string): string[] => [
  ..."train --data pictures --size 8 --widths 4 --epochs 1 --out".split(" "),
  join(cwd, name),
];

/** An open file for a child's standard output. */
function openFor(path: string, flags: string): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

/** The address that `serve` announces. */
async function addressOf({ err }: { readonly err: () => string }): Promise<string> {
  await expect.poll(err, { timeout: 30_000 }).toMatch(/on http:/);
  return /on (http:\S+)/.exec(err())![1]!;
}

describe("a reader that goes away", () => {
  it("ends no work: the files are there, and the exit code is that of the work", async () => {
    const trained = startPawprint(trainLine("a.onnx"), { cwd });
    const asked = startPawprint([...trainLine("b.onnx"), "--json"], { cwd });
    const imported = startPawprint(["data", "import", "pictures", "--to", "raw"], { cwd });
    for (const { child } of [trained, asked, imported]) {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
    expect(await Promise.all([trained.ended, imported.ended])).toEqual([0, 0]);
    // Who asked for JSON and did not get it must not take it for a success.
    expect(await asked.ended).toBe(141);
    expect(await Promise.all(["a.onnx", "b.onnx", "raw/blue"].map(exists))).toEqual([true, true, true]);
  }, 60_000);

  it("gets all of it where it is slow, and ends a stream of rows where it is gone", async () => {
    const picture = join(cwd, "pictures/blue/blue.0.png");
    const words = [...pawprintCommand, "predict", "pets.onnx", "--json", ...Array(600).fill(picture)];
    const line = words.map((word) => shellWord(word)).join(" ");
    const slow = startProcess(["sh", "-c", `${line} | (sleep 4; cat)`], { cwd });
    const gone = startPawprint(["predict", "pets.onnx", "pictures", "--json-lines"], { cwd });
    gone.child.stdout?.destroy();
    expect(await gone.ended).toBe(141);
    expect(await slow.ended).toBe(0);
    expect(slow.out().length).toBeGreaterThan(65_536);
    expect(() => JSON.parse(slow.out())).not.toThrow();
  }, 60_000);
});

describe.runIf(process.platform === "linux")("a full disk", () => {
  it("costs the output, not the bundle, and is told in one line", async () => {
    const stdio = ["ignore", openFor("/dev/full", "w"), "pipe"] as const;
    const trained = startPawprint(trainLine("c.onnx"), { cwd, stdio: [...stdio] });
    const shown = startPawprint(["inspect", "pets.onnx"], { cwd, stdio: [...stdio] });
    expect(await Promise.all([trained.ended, shown.ended])).toEqual([1, 1]);
    expect(await exists("c.onnx")).toBe(true);
    const complaint = "error FILE_WRITE_FAILED: Expected a path that can be written; got a full disk [ENOSPC]";
    expect(trained.err()).toContain(complaint);
    expect(shown.err()).toBe(`${complaint} (standard output)\nhint: make room, or choose a folder on another disk\n`);
  }, 60_000);

  it("or a reader of the log that stalls does not keep the service from ending", async () => {
    const fifo = join(cwd, "stalled");
    execFileSync("mkfifo", [fifo]);
    const serve = ["serve", "pets.onnx", "--port", "0"];
    const services = [
      startPawprint(serve, { cwd, stdio: ["ignore", openFor("/dev/full", "w"), "pipe"] }),
      startPawprint([...serve, "--log-file", "/dev/full"], { cwd }),
      // Opened for both, it never has a reader that is gone, and never one that reads.
      startPawprint(serve, { cwd, stdio: ["ignore", openFor(fifo, "r+"), "pipe"] }),
    ];
    for (const service of services) {
      const origin = await addressOf(service);
      // More lines than a pipe holds.
      for (let lane = 0; lane < 50; lane++) {
        await Promise.all(Array.from({ length: 16 }, () => fetch(`${origin}/health`).then((answer) => answer.text())));
      }
      service.child.kill("SIGTERM");
    }
    expect(await Promise.all(services.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  }, 60_000);
});

it("refuses a log that cannot be opened before it announces anything", async () => {
  const service = startPawprint(["serve", "pets.onnx", "--port", "0", "--log-file", "pictures"], { cwd });
  expect(await service.ended).toBe(1);
  expect(service.err()).toMatch(/^error FILE_WRITE_FAILED: .* got a folder of this name \[EISDIR\]/);
  expect(service.err()).not.toContain("http:");
}, 60_000);

describe.runIf(process.platform !== "win32")("a second signal", () => {
  it("ends at once, as a signal does", async () => {
    const service = startPawprint(["serve", "pets.onnx", "--port", "0", "--drain-ms", "600000"], { cwd });
    await addressOf(service);
    service.child.kill("SIGTERM");
    await expect.poll(service.err).toContain("ending; once more ends at once\n");
    // One within a second counts as the echo of the first.
    await pause(1200);
    service.child.kill("SIGTERM");
    expect(await service.ended).toBe("SIGTERM");
    expect(service.err()).toContain("ended at once\n");
    expect((await readdir(cwd)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }, 60_000);
});

describe.runIf(process.platform === "linux")("a limit of 128 open files", () => {
  /** A shell's limit is the hard one too, which Node.js cannot raise. */
  const startLimited = (line: readonly string[]) => {
    const words = [...pawprintCommand, ...line].map((word) => shellWord(word)).join(" ");
    return startProcess(["sh", "-c", `ulimit -n 128; exec ${words}`], { cwd });
  };

  it("is enough for commands that read many files", async () => {
    const lines = ["data check pictures", "data pack pictures --to pack", "predict pets.onnx pictures --json"];
    for (const line of lines) {
      const command = startLimited(line.split(" "));
      expect(await command.ended, command.err()).toBe(0);
    }
  }, 120_000);

  it("makes the service take fewer connections, and answer while others hold theirs", async () => {
    const service = startLimited(["serve", "pets.onnx", "--port", "0", "--log-file", "few.log"]);
    const origin = await addressOf(service);
    expect(service.err()).toContain("This process may open 128 files: enough for 48 connections, not for 2048;");
    const { hostname, port } = new URL(origin);
    const sockets = Array.from({ length: 200 }, () => connect(Number(port), hostname));
    const letGo = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    onTestFinished(letGo);
    for (const socket of sockets) socket.on("error", () => undefined).write("GET /livez HTTP/1.1\r\n");
    await Promise.all(sockets.filter(({ connecting }) => connecting).map((socket) => once(socket, "connect")));
    const answer = await fetch(`${origin}/livez`, { signal: AbortSignal.timeout(30_000) });
    expect(answer.status).toBe(200);
    letGo();
    service.child.kill("SIGTERM");
    expect(await service.ended, service.err()).toBe(0);
  }, 120_000);
});
