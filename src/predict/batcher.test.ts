import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Deferred, deferred } from "../base/deferred.ts";
import { AppError } from "../base/errors.ts";
import type { BundleAnswers } from "../bundle/load-bundle.ts";
import { type BatcherOptions, createBatcher } from "./batcher.ts";

const patient = { deadline: Number.POSITIVE_INFINITY, isGone: false };

/**
 * An engine whose batches are answered by hand: a picture is one byte, its two probabilities are
 * that byte and the batch's number.
 */
function handEngine(options: Partial<BatcherOptions<"concurrent">> = {}) {
  const batches: { readonly pixels: number[]; readonly answer: Deferred<BundleAnswers>; readonly number: number }[] =
    [];
  let time = 0;
  const batcher = createBatcher({
    maximumBatch: 4,
    batchesAhead: 1,
    now: () => time,
    ...options,
    engine: {
      runs: "concurrent",
      answer(pixels) {
        const answer = deferred<BundleAnswers>();
        batches.push({ pixels: [...pixels], answer, number: batches.length });
        return answer.promise;
      },
    },
  });
  const finish = (at: number): void => {
    const { pixels, answer, number } = batches[at]!;
    const values = Float32Array.from(pixels.flatMap((pixel) => [pixel, number]));
    answer.resolve({ logits: values.map((value) => -value), probabilities: values });
  };
  const submit = (...pixels: number[]) => batcher.submit(Uint8Array.from(pixels), pixels.length, patient);
  return {
    batcher,
    batches,
    finish,
    submit,
    setTime: (value: number) => {
      time = value;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("gives each request its own embeddings, of an engine that has them", async () => {
  const { batches, submit, finish } = handEngine();
  const answers = [submit(1), submit(2), submit(3, 4)];
  finish(0);
  await vi.advanceTimersByTimeAsync(0);
  const { answer } = batches[1]!;
  const row = Float32Array.of(2, 0, 3, 0, 4, 0);
  answer.resolve({ logits: row, probabilities: row, embedding: Float32Array.of(2, 20, 200, 3, 30, 300, 4, 40, 400) });
  expect(await answers[0]).not.toHaveProperty("embedding");
  expect(await answers[1]).toMatchObject({ embedding: Float32Array.of(2, 20, 200) });
  expect(await answers[2]).toMatchObject({ embedding: Float32Array.of(3, 30, 300, 4, 40, 400) });
});

it("gives an idle engine a request at once, and joins what comes meanwhile into the next batch", async () => {
  const { batches, submit, finish } = handEngine();
  const answers = [submit(1), submit(2), submit(3, 4), submit(5)];
  expect(batches.map(({ pixels }) => pixels)).toEqual([[1]]);
  finish(0);
  await answers[0];
  expect(batches.map(({ pixels }) => pixels)).toEqual([[1], [2, 3, 4, 5]]);
  finish(1);
  const [first, second, third, fourth] = await Promise.all(answers);
  expect([...first!.probabilities]).toEqual([1, 0]);
  expect([...second!.probabilities]).toEqual([2, 1]);
  expect([...third!.probabilities]).toEqual([3, 1, 4, 1]);
  expect([...third!.logits]).toEqual([-3, -1, -4, -1]);
  expect([...fourth!.probabilities]).toEqual([5, 1]);
  expect([first!.batchSize, third!.batchSize]).toEqual([1, 4]);
});

it("keeps a request's pictures together, in the order in which requests came, and lets a large one go alone", async () => {
  const { batches, submit, finish } = handEngine();
  void submit(0);
  void submit(1, 2, 3);
  void submit(4, 5);
  void submit(6, 7, 8, 9, 10, 11);
  const last = submit(12);
  for (let at = 0; at < 5; at++) {
    finish(at);
    await vi.advanceTimersByTimeAsync(0);
  }
  await last;
  expect(batches.map(({ pixels }) => pixels)).toEqual([[0], [1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11], [12]]);
});

it("gives a serial engine one batch at a time, by its type", () => {
  const engine = { runs: "serial", answer: () => new Promise<BundleAnswers>(() => undefined) } as const;
  createBatcher({ engine, maximumBatch: 4, batchesAhead: 1, now: () => 0 });
  // @ts-expect-error a second batch would overlap the first
  createBatcher({ engine, maximumBatch: 4, batchesAhead: 2, now: () => 0 });
});

it("keeps as many batches ahead as it is told", () => {
  const { batches, submit } = handEngine({ batchesAhead: 2 });
  void submit(1);
  void submit(2);
  void submit(3);
  expect(batches.map(({ pixels }) => pixels)).toEqual([[1], [2]]);
});

it("tells how long a request waited and how long its batch took", async () => {
  const seen: unknown[] = [];
  const { submit, finish, setTime } = handEngine({ onBatch: (...batch) => seen.push(batch) });
  const first = submit(1);
  setTime(3);
  const second = submit(2);
  setTime(10);
  finish(0);
  await first;
  setTime(14);
  finish(1);
  expect(await first).toMatchObject({ queueMs: 0, inferenceMs: 10 });
  expect(await second).toMatchObject({ queueMs: 7, inferenceMs: 4 });
  expect(seen).toEqual([
    [1, 10],
    [1, 4],
  ]);
});

it("drops what is late or given up without asking the engine, also while the engine is busy", async () => {
  const { batcher, batches, submit, finish, setTime } = handEngine();
  const first = submit(1);
  const leaver = { deadline: 1e9, isGone: false };
  const late = batcher.submit(Uint8Array.of(2), 1, { deadline: 50, isGone: false });
  const gone = batcher.submit(Uint8Array.of(3), 1, leaver);
  const stays = submit(4);
  const refusals = Promise.allSettled([late, gone]);
  expect(batcher.waiting).toBe(3);
  leaver.isGone = true;
  setTime(60);
  await vi.advanceTimersByTimeAsync(100);
  expect(await refusals).toMatchObject([
    { reason: { code: "DEADLINE_EXCEEDED" } },
    { reason: { code: "CLIENT_GONE" } },
  ]);
  expect(batcher.waiting).toBe(1);
  finish(0);
  await first;
  finish(1);
  await stays;
  expect(batches.map(({ pixels }) => pixels)).toEqual([[1], [4]]);
  expect(vi.getTimerCount()).toBe(0);
});

it("fails the requests of a batch that the engine fails, and goes on with the others", async () => {
  const { batches, submit, finish } = handEngine();
  const answers = Promise.allSettled([submit(1), submit(2), submit(3)]);
  finish(0);
  await vi.advanceTimersByTimeAsync(0);
  batches[1]!.answer.reject(new Error("the engine broke"));
  await vi.advanceTimersByTimeAsync(0);
  const later = submit(4);
  finish(2);
  expect((await later).probabilities[0]).toBe(4);
  expect((await answers).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
});

it("is idle once nothing waits or runs", async () => {
  const { batcher, submit, finish } = handEngine();
  await batcher.idle();
  void submit(1);
  const second = submit(2);
  let isIdle = false;
  const idle = batcher.idle().then(() => {
    isIdle = true;
  });
  finish(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(isIdle).toBe(false);
  finish(1);
  await second;
  await idle;
  expect(isIdle).toBe(true);
});

describe("with a real clock", () => {
  beforeEach(() => {
    vi.useRealTimers();
  });

  it("takes the deadline itself as too late, and asks no engine", async () => {
    let calls = 0;
    const batcher = createBatcher({
      maximumBatch: 4,
      batchesAhead: 1,
      now: () => 50,
      engine: {
        runs: "serial",
        answer: async () => {
          calls++;
          return { logits: new Float32Array(1), probabilities: new Float32Array(1) };
        },
      },
    });
    await expect(batcher.submit(Uint8Array.of(1), 1, { deadline: 50, isGone: false })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      received: "0 ms of waiting",
      hint: "send it again, or allow more time in the header x-deadline-ms",
    });
    expect(calls).toBe(0);
    await batcher.idle();
  });

  it("answers or refuses every request, whatever comes, fails or is late: with its own rows, in order", async () => {
    const event = fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 6 }), patienceMs: fc.nat(30), isGone: fc.boolean() }),
      fc.constantFrom("finish" as const, "fail" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (events, ahead) => {
        let time = 0;
        let next = 0;
        const open: { pixels: number[]; end: (isWell: boolean) => void }[] = [];
        const seen: number[] = [];
        const failed = new Set<number>();
        const batcher = createBatcher({
          maximumBatch: 4,
          batchesAhead: ahead,
          now: () => time,
          engine: {
            runs: "concurrent",
            answer: (bytes) =>
              new Promise((resolve, reject) => {
                const pixels = [...bytes];
                seen.push(...pixels);
                expect(open.length).toBeLessThan(ahead);
                open.push({
                  pixels,
                  end(isWell) {
                    const values = Float32Array.from(pixels);
                    if (isWell) return resolve({ logits: values, probabilities: values });
                    for (const pixel of pixels) failed.add(pixel);
                    reject(new Error("the engine broke"));
                  },
                });
              }),
          },
        });
        const finish = async (isWell: boolean): Promise<void> => {
          open.shift()?.end(isWell);
          await new Promise((resolve) => setImmediate(resolve));
        };
        const outcomes: Promise<void>[] = [];
        for (const one of events) {
          time++;
          if (typeof one === "string") {
            await finish(one === "finish");
            continue;
          }
          const pixels = Array.from({ length: one.count }, () => next++);
          const submitted = batcher.submit(Uint8Array.from(pixels), one.count, {
            deadline: time + one.patienceMs,
            isGone: one.isGone,
          });
          outcomes.push(
            submitted.then(
              ({ probabilities, batchSize }) => {
                expect([...probabilities]).toEqual(pixels);
                expect(batchSize).toBeLessThanOrEqual(Math.max(4, pixels.length));
              },
              (error: Error) => {
                const isRefused =
                  error instanceof AppError && ["CLIENT_GONE", "DEADLINE_EXCEEDED"].includes(error.code);
                if (isRefused) expect(seen).not.toEqual(expect.arrayContaining(pixels));
                else expect([...failed]).toEqual(expect.arrayContaining(pixels));
              },
            ),
          );
        }
        time += 1000;
        while (open.length > 0) await finish(true);
        await batcher.idle();
        await Promise.all(outcomes);
        expect(batcher.waiting).toBe(0);
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });
});
