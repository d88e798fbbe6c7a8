import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { interruption } from "./cancel.ts";
import { withLock } from "./lock-file.ts";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-lock-"));
  path = join(folder, ".lock");
});

/** The number of a process that has ended. */
async function goneProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}
/** What a process of that number would write, in the same container unless another space is given. */
async function lockOf(pid: number, { host = hostname(), space = "" } = {}): Promise<string> {
  const own = `${path}.own`;
  const { space: here } = await withLock(own, async () => JSON.parse(await readFile(own, "utf8")));
  return JSON.stringify({ pid, host, since: "2026-01-01T00:00:00Z", space: space || here });
}

describe("a lock", () => {
  it("stands while the work is done, names who holds it, and goes with it", async () => {
    const result = await withLock(path, async () => {
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
      return 7;
    });
    expect(result).toBe(7);
    expect(await readdir(folder)).toEqual([]);
  });

  it("goes where the work fails", async () => {
    await expect(withLock(path, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await readdir(folder)).toEqual([]);
  });

  it("lets nobody else in, and says who holds it", async () => {
    await withLock(path, async () => {
      const second = withLock(path, async () => expect.unreachable());
      await expect(second).rejects.toMatchObject({
        code: "LOCKED",
        kind: "conflict",
        where: path,
        message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
      });
    });
  });

  it("is taken over from a process that was killed", async () => {
    await writeFile(path, await lockOf(await goneProcess()));
    expect(await withLock(path, async () => "mine")).toBe("mine");
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken over also where the one who took it over was killed at that", async () => {
    await writeFile(path, await lockOf(await goneProcess()));
    await writeFile(`${path}.takeover`, await lockOf(await goneProcess()));
    expect(await withLock(path, async () => "mine")).toBe("mine");
    expect(await readdir(folder)).toEqual([]);
  });

  it("is not taken from a process of another machine, which cannot be asked", async () => {
    await writeFile(path, await lockOf(await goneProcess(), { host: "elsewhere" }));
    await expect(withLock(path, async () => 1)).rejects.toMatchObject({ code: "LOCKED" });
  });

  it("is taken over from an earlier process of the same number, as in a container that is started again", async () => {
    await writeFile(path, await lockOf(process.pid));
    expect(await withLock(path, async () => "mine")).toBe("mine");
  });

  it("is left to another container of the same name while its time moves, and taken over when it stands still", async () => {
    const text = await lockOf(process.pid, { space: "another" });
    await writeFile(path, text);
    const beat = setInterval(() => void utimes(path, new Date(), new Date()), 300);
    await expect(withLock(path, async () => expect.unreachable())).rejects.toMatchObject({ code: "LOCKED" });
    clearInterval(beat);
    expect(await withLock(path, async () => "mine")).toBe("mine");
  }, 30_000);

  it("shows by its time that it is held", async () => {
    await withLock(path, async () => {
      const first = (await stat(path)).mtimeMs;
      await expect.poll(async () => (await stat(path)).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(first);
    });
  }, 15_000);

  it("is waited for where that is asked, each in turn, and told who holds it", async () => {
    const order: string[] = [];
    const told: string[] = [];
    const first = withLock(path, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push("first");
    });
    await expect.poll(() => readdir(folder)).toContain(".lock");
    await withLock(path, async () => order.push("second"), { onWait: (who) => told.push(who) });
    await first;
    expect(order).toEqual(["first", "second"]);
    expect(told).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  });

  it("is waited for no longer than the caller wants, and not on another machine", async () => {
    await withLock(path, async () => {
      const signal = AbortSignal.abort(interruption("SIGINT"));
      const waiting = withLock(path, async () => expect.unreachable(), { signal, onWait: () => undefined });
      await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED" });
      const controller = new AbortController();
      const onWait = () => setTimeout(() => controller.abort(interruption("SIGINT")), 20);
      const later = withLock(path, async () => expect.unreachable(), { signal: controller.signal, onWait });
      await expect(later).rejects.toMatchObject({ code: "INTERRUPTED" });
    });
    await writeFile(path, await lockOf(await goneProcess(), { host: "elsewhere" }));
    const onWait = () => expect.unreachable();
    await expect(withLock(path, async () => 1, { onWait })).rejects.toMatchObject({ code: "LOCKED" });
  });

  it("is got by one of many that find the same stale lock at once", async () => {
    await writeFile(path, await lockOf(await goneProcess()));
    let inside = 0;
    let most = 0;
    const tries = Array.from({ length: 12 }, () =>
      withLock(path, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside--;
      }),
    );
    const ends = await Promise.allSettled(tries);
    expect(most).toBe(1);
    const refusals = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    expect(refusals.every(({ code }) => code === "LOCKED")).toBe(true);
  });
});
