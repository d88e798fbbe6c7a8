import { expect, it } from "vitest";
import { type Deferred, deferred } from "../../base/deferred.ts";
import { type BatchedAnswers, deadlineExceeded } from "../../predict/batcher.ts";
import type { ServedModel } from "./served-model.ts";
import { createShadow, type ShadowComparison } from "./shadow.ts";

const recipe = { width: 1, height: 1, channels: 1, fit: "stretch", kernel: "linear" } as const;

/** A model of the classes cat and dog that answers what it is told, when it is told. */
function handModel(version: string, overrides: Partial<ServedModel["info"]> = {}) {
  const asked: { readonly pixels: number[]; readonly answer: Deferred<BatchedAnswers> }[] = [];
  let users = 0;
  const model = {
    version,
    info: { labels: ["cat", "dog"], recipe, ...overrides },
    infer(pixels: Uint8Array) {
      const answer = deferred<BatchedAnswers>();
      asked.push({ pixels: [...pixels], answer });
      return answer.promise;
    },
    lease() {
      users++;
      return () => users--;
    },
  } as unknown as ServedModel;
  const reply = (at: number, ...probabilities: number[]) =>
    asked[at]!.answer.resolve({ probabilities: Float32Array.from(probabilities) } as BatchedAnswers);
  return { model, asked, reply, users: () => users };
}

function shadowOver(challenger: ServedModel | undefined, champion: ServedModel, isBusy = () => false) {
  const compared: ShadowComparison[] = [];
  const failures: string[] = [];
  let skips = 0;
  const shadow = createShadow({
    host: { current: (role) => (role === "challenger" ? challenger : role === "champion" ? champion : undefined) },
    isBusy,
    now: () => 0,
    onComparison: (_, comparison) => compared.push(comparison),
    onSkip: () => skips++,
    onFailure: (_, { message }) => failures.push(message),
  });
  return { shadow, compared, failures, skips: () => skips };
}

const answerFor = (label: string, confidence: number) => ({
  input: { kind: "pixels", pixels: Uint8Array.of(200), shape: [1], where: "x" } as const,
  pixels: Uint8Array.of(200),
  label,
  confidence,
  size: undefined,
  requestId: "r",
  position: 0,
  keyId: undefined,
});

it("counts where the challenger answers the same and where it differs, and by how much", async () => {
  const { model: champion } = handModel("v1");
  const { model: challenger, asked, reply, users } = handModel("v2");
  const { shadow, compared } = shadowOver(challenger, champion);
  shadow.compare(champion, answerFor("cat", 0.75));
  shadow.compare(champion, answerFor("cat", 0.75));
  expect(users()).toBe(2);
  await Promise.resolve();
  expect(asked.map(({ pixels }) => pixels)).toEqual([[200], [200]]);
  reply(0, 0.5, 0.25);
  reply(1, 0.25, 0.75);
  await shadow.idle();
  expect(users()).toBe(0);
  expect(shadow.counts).toEqual({ compared: 2, sameLabel: 1, skipped: 0, failed: 0, meanDifference: 0.375 });
  const shared = { challenger, pixels: Uint8Array.of(200), latencyMs: 0 };
  expect(compared).toMatchObject([
    { ...shared, isSame: true, difference: -0.25, prediction: { label: "cat", confidence: 0.5 } },
    { ...shared, isSame: false, difference: -0.5, prediction: { label: "dog", confidence: 0.75 } },
  ]);
});

it("stays away while callers wait, beyond eight comparisons, and where the champion did not answer", async () => {
  const { model: champion } = handModel("v1");
  const { model: other } = handModel("canary");
  const { model: challenger, asked, reply } = handModel("v2");
  let isBusy = true;
  const { shadow, skips } = shadowOver(challenger, champion, () => isBusy);
  shadow.compare(champion, answerFor("cat", 1));
  expect(skips()).toBe(1);
  isBusy = false;
  for (let at = 0; at < 10; at++) shadow.compare(champion, answerFor("cat", 1));
  expect(skips()).toBe(3);
  shadow.compare(other, answerFor("cat", 1));
  await Promise.resolve();
  expect(asked).toHaveLength(8);
  for (let at = 0; at < 8; at++) reply(at, 1, 0);
  await shadow.idle();
  expect(shadow.counts).toMatchObject({ compared: 8, skipped: 3 });
});

it("does nothing without a challenger", () => {
  const { model: champion } = handModel("v1");
  const { shadow, skips } = shadowOver(undefined, champion);
  shadow.compare(champion, answerFor("cat", 1));
  expect([shadow.counts.compared, skips()]).toEqual([0, 0]);
});

it("prepares the picture anew for another recipe, and leaves out what does not fit it", async () => {
  const { model: champion } = handModel("v1");
  const wider = handModel("v2", { recipe: { ...recipe, width: 2 } });
  const { shadow, skips } = shadowOver(wider.model, champion);
  shadow.compare(champion, answerFor("cat", 1));
  shadow.compare(champion, {
    ...answerFor("cat", 1),
    input: { kind: "pixels", pixels: Uint8Array.of(0, 255), shape: [2], where: "x" },
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(wider.asked.map(({ pixels }) => pixels)).toEqual([[0, 255]]);
  wider.reply(0, 1, 0);
  await shadow.idle();
  expect(skips()).toBe(1);
  expect(wider.users()).toBe(0);
});

it("counts a challenger that fails, and says why", async () => {
  const { model: champion } = handModel("v1");
  const { model: challenger, asked, users } = handModel("v2");
  const { shadow, failures, skips } = shadowOver(challenger, champion);
  shadow.compare(champion, answerFor("cat", 1));
  await Promise.resolve();
  asked[0]!.answer.reject(new Error("broken"));
  await shadow.idle();
  expect(failures).toEqual([expect.stringContaining("broken")]);
  expect([skips(), users()]).toEqual([0, 0]);
  expect(shadow.counts).toMatchObject({ compared: 0, skipped: 0, failed: 1 });
});

it("skips a comparison whose turn at the engine does not come in time", async () => {
  const { model: champion } = handModel("v1");
  const { model: challenger, asked } = handModel("v2");
  const { shadow, failures } = shadowOver(challenger, champion);
  shadow.compare(champion, answerFor("cat", 1));
  await Promise.resolve();
  asked[0]!.answer.reject(deadlineExceeded(5000));
  await shadow.idle();
  expect(failures).toEqual([]);
  expect(shadow.counts).toMatchObject({ compared: 0, skipped: 1, failed: 0 });
});
