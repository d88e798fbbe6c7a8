import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openLogWriter } from "./log-writer.ts";

const folder = temporaryFolder("log");

function heard() {
  const said: string[] = [];
  return {
    said,
    events: {
      failed: (error: Error) => said.push("code" in error ? String(error.code) : error.message),
      recovered: (lines: number) => said.push(`${lines} lost`),
    },
  };
}

function fifo(name: string): string {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
}

/** All that is in a pipe at the moment. */
function readAll(fd: number): string {
  const buffer = Buffer.alloc(2 ** 20);
  let text = "";
  for (;;) {
    try {
      const count = readSync(fd, buffer);
      if (count === 0) return text;
      text += buffer.toString("utf8", 0, count);
    } catch {
      return text;
    }
  }
}

describe("a log writer", () => {
  it("appends every line in order, the folder made where it is missing", async () => {
    const file = join(folder, "a/b/lines.log");
    const { events, said } = heard();
    for (const half of [0, 1]) {
      const writer = await openLogWriter(file, events);
      for (let at = 0; at < 5000; at++) writer.write(`${half} ${at}\n`);
      await writer.close(5000);
      writer.write("too late\n");
    }
    const expected = [0, 1].flatMap((half) => Array.from({ length: 5000 }, (_, at) => `${half} ${at}\n`)).join("");
    expect(await readFile(file, "utf8")).toBe(expected);
    expect(said).toEqual([]);
  });

  it("says at once that a file cannot be opened", async () => {
    await mkdir(join(folder, "taken"));
    await writeFile(join(folder, "plain"), "");
    const { events } = heard();
    const open = (name: string) => failureOf(openLogWriter(join(folder, name), events));
    expect(await open("taken")).toMatchObject({
      code: "FILE_WRITE_FAILED",
      received: "a folder of this name [EISDIR]",
    });
    expect(await open("plain/x.log")).toMatchObject({ code: "FILE_WRITE_FAILED" });
  });
});

describe.runIf(process.platform === "linux")("a log writer with a full disk or a reader that stalls", () => {
  it("refuses a FIFO that nobody reads, and does not wait for its reader", async () => {
    const { events } = heard();
    const error = await failureOf(openLogWriter(fifo("unread"), events));
    expect(error).toMatchObject({
      code: "FILE_WRITE_FAILED",
      received: "a FIFO that nobody reads, a socket, or a device that is not there [ENXIO]",
    });
  });

  it("tells of a full disk once, loses lines, and ends", async () => {
    const { events, said } = heard();
    const writer = await openLogWriter("/dev/full", events);
    for (let at = 0; at < 3; at++) {
      writer.write(`${"x".repeat(5000)}\n`);
      await expect.poll(() => said).toEqual(["ENOSPC"]);
    }
    await writer.close(5000);
    expect(said).toEqual(["ENOSPC"]);
  });

  it("ends in time where nobody reads, with the lines in one piece that were taken", async () => {
    const path = fifo("stalled");
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { events, said } = heard();
    const writer = await openLogWriter(path, events);
    for (let at = 0; at < 20_000; at++) writer.write(`line ${String(at).padStart(6, "0")}\n`);
    await writer.close(200);
    const lines = readAll(reader).split("\n").slice(0, -1);
    closeSync(reader);
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.length).toBeLessThan(20_000);
    expect(lines.every((line, at) => line === `line ${String(at).padStart(6, "0")}`)).toBe(true);
    expect(said).toEqual([]);
  });

  it("loses nothing to a reader that is slow but alive", async () => {
    const path = fifo("slow");
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { events } = heard();
    const writer = await openLogWriter(path, events);
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at}\n`);
    for (const line of lines) writer.write(line);
    let read = "";
    const slowly = setInterval(() => {
      read += readAll(reader);
    }, 20);
    await writer.close(20_000);
    clearInterval(slowly);
    read += readAll(reader);
    closeSync(reader);
    expect(read).toBe(lines.join(""));
  });
});
