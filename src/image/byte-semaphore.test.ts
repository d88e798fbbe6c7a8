import { expect, it } from "vitest";
import { type Deferred, deferred } from "../base/deferred.ts";
import { createByteSemaphore } from "./byte-semaphore.ts";

function asked(limitBytes: number) {
  const semaphore = createByteSemaphore(limitBytes);
  const started: number[] = [];
  const open: Deferred<void>[] = [];
  const ask = (bytes: number): Promise<void> => {
    const index = open.push(deferred<void>()) - 1;
    return semaphore.hold(bytes, () => {
      started.push(index);
      return open[index]!.promise;
    });
  };
  const end = async (index: number): Promise<void> => {
    open[index]!.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { semaphore, started, open, ask, end };
}

it("runs what fits at the same time, and the rest in the order in which it came", async () => {
  const { semaphore, started, ask, end } = asked(100);
  const all = [ask(60), ask(40), ask(50), ask(10)];
  await end(1);
  // The third needs 50 of the 40 that are free; the fourth does not pass it.
  expect(started).toEqual([0, 1]);
  expect(semaphore.heldBytes).toBe(60);
  await end(0);
  expect(started).toEqual([0, 1, 2, 3]);
  await end(2);
  await end(3);
  await Promise.all(all);
  expect(semaphore.heldBytes).toBe(0);
});

it("runs what is larger than all of it alone", async () => {
  const { started, ask, end } = asked(100);
  void ask(10);
  void ask(500);
  void ask(10);
  await end(0);
  expect(started).toEqual([0, 1]);
  await end(1);
  expect(started).toEqual([0, 1, 2]);
});

it("gives back what failed work held", async () => {
  const { semaphore, ask, open } = asked(100);
  const failing = ask(100);
  open[0]!.reject(new Error("damaged"));
  await expect(failing).rejects.toThrow("damaged");
  expect(semaphore.heldBytes).toBe(0);
});
