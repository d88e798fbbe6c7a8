import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../cancel.ts";
import { deferred } from "../deferred.ts";
import { withLock } from "./lock-file.ts";
import { ownIdentity } from "./process-identity.ts";

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
/**
 * What a process of that number would write, in the same container unless another space is given.
 */
async function lockOf(pid: number, { host = hostname(), space = "", started = "" } = {}): Promise<string> {
  const own = await ownIdentity();
  const since = "2026-01-01T00:00:00Z";
  return JSON.stringify({ pid, host, since, space: space || own.space, started: started || own.started });
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

  it("is taken over where its number is another process's by now", async () => {
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      await writeFile(path, await lockOf(other.pid!, { started: "1" }));
      expect(await withLock(path, async () => "mine")).toBe("mine");
    } finally {
      other.kill();
    }
  });

  it("is left to a process that runs, and taken over once that is killed, reaped or not", async () => {
    const module = new URL("./lock-file.ts", import.meta.url).href;
    const code = `import { withLock } from ${JSON.stringify(module)};
      await withLock(${JSON.stringify(path)}, () => { console.log("held"); return new Promise(() => setInterval(() => {}, 1000)); });`;
    const other = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code]);
    try {
      await once(other.stdout, "data");
      await expect(withLock(path, async () => expect.unreachable())).rejects.toMatchObject({ code: "LOCKED" });
    } finally {
      other.kill("SIGKILL");
    }
    await expect.poll(() => withLock(path, async () => "mine").catch(() => ""), { timeout: 5000 }).toBe("mine");
  }, 20_000);

  it("tells its holder when another has taken it over", async () => {
    await withLock(path, async (lock) => {
      await lock.requireHeld();
      const other = await lockOf(process.pid);
      await writeFile(path, other);
      await expect(lock.requireHeld()).rejects.toMatchObject({ code: "LOCKED" });
    });
    expect(await readdir(folder)).toEqual([".lock"]);
  });

  it("is left to another container of the same name while its time moves, and taken over when it stands still", async () => {
    const text = await lockOf(process.pid, { space: "another" });
    await writeFile(path, text);
    const beat = setInterval(() => void utimes(path, new Date(), new Date()), 300);
    await expect(withLock(path, async () => expect.unreachable())).rejects.toMatchObject({ code: "LOCKED" });
    clearInterval(beat);
    expect(await withLock(path, async () => "mine")).toBe("mine");
  }, 30_000);

  it("is had at once where another container of the same name lets go of it", async () => {
    await writeFile(path, await lockOf(process.pid, { space: "another" }));
    const end = setTimeout(() => void rm(path), 300);
    const start = performance.now();
    expect(await withLock(path, async () => "mine")).toBe("mine");
    expect(performance.now() - start).toBeLessThan(8000);
    clearTimeout(end);
  }, 15_000);

  it("shows by its time that it is held, also while its process is busy", async () => {
    await withLock(path, async () => {
      const first = statSync(path).mtimeMs;
      const start = performance.now();
      while (statSync(path).mtimeMs === first && performance.now() - start < 10_000);
      expect(statSync(path).mtimeMs).toBeGreaterThan(first);
    });
  }, 15_000);

  it("is waited for where that is asked, each in turn, and told who holds it", async () => {
    const order: string[] = [];
    const told: string[] = [];
    const waiting = deferred<void>();
    const first = withLock(path, async () => {
      await waiting.promise;
      order.push("first");
    });
    await expect.poll(() => readdir(folder)).toContain(".lock");
    const onWait = (who: string): void => {
      told.push(who);
      waiting.resolve();
    };
    await withLock(path, async () => order.push("second"), { onWait });
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
