import { describe, expect, it } from "vitest";
import { interruption } from "../base/cancel.ts";
import { concurrencyWithin, forEachInParallel } from "./in-parallel.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("work in parallel", () => {
  it("keeps every core busy, within what the process may open", () => {
    expect(concurrencyWithin(undefined, 4)).toBe(32);
    expect(concurrencyWithin(1024, 4)).toBe(32);
    expect(concurrencyWithin(1024, 128)).toBe(488);
    expect(concurrencyWithin(64, 4)).toBe(8);
    expect(concurrencyWithin(20, 4)).toBe(1);
  });

  it("does every item once, never more at a time than allowed", async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await forEachInParallel(
      Array.from({ length: 20 }, (_, item) => item),
      async (item, index) => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        done.push(item + index);
      },
      { concurrency: 3 },
    );
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, item) => item * 2));
    expect(most).toBe(3);
  });

  it("throws the failure of the first item in order, and starts nothing after it", async () => {
    const started: string[] = [];
    const work = async (item: string): Promise<void> => {
      started.push(item);
      await turn();
      // The later item fails first.
      if (item === "slow") await turn();
      throw new Error(item);
    };
    await expect(forEachInParallel(["slow", "fast", "never"], work, { concurrency: 2 })).rejects.toThrow("slow");
    expect(started).toEqual(["slow", "fast"]);
  });

  it("holds no more than 256 MiB at a time, in order, and a larger item alone", async () => {
    const sizes = [200, 50, 300, 10, 246, 1, 255].map((mebibytes) => mebibytes * 2 ** 20);
    const started: number[] = [];
    const together: number[] = [];
    let held = 0;
    await forEachInParallel(
      sizes,
      async (size, index) => {
        started.push(index);
        held += size;
        together.push(held / 2 ** 20);
        for (let at = 0; at < 5; at++) await turn();
        held -= size;
      },
      { concurrency: 8, sizeOf: (size) => size },
    );
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(together).toEqual([200, 250, 300, 10, 256, 247, 256]);
    expect(held).toBe(0);
  });

  it("throws a failure also while items wait for room", async () => {
    const work = async (): Promise<void> => {
      await turn();
      throw new Error("first");
    };
    const started = forEachInParallel([1, 2, 3], work, { concurrency: 3, sizeOf: () => 2 ** 40 });
    await expect(started).rejects.toThrow("first");
  });

  it("ends with INTERRUPTED once its signal is aborted", async () => {
    const controller = new AbortController();
    let count = 0;
    const work = async (): Promise<void> => {
      if (++count === 2) controller.abort(interruption("SIGINT"));
    };
    const options = { concurrency: 1, signal: controller.signal };
    await expect(forEachInParallel([1, 2, 3, 4], work, options)).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(count).toBe(2);
  });
});
