import { expect, it } from "vitest";
import { type Deferred, deferred } from "../../base/deferred.ts";
import { createLogger } from "../../base/logger.ts";
import type { LoggedPrediction } from "../../prediction-log/prediction-log.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { createDriftWatch, type DriftVerdict } from "./drift-watch.ts";

const clean: DriftVerdict = {
  hasDrifted: false,
  kind: "none",
  summary: "no drift",
  tests: [],
  accuracy: { isKnown: false, reason: "" },
};
const drift: DriftVerdict = { ...clean, hasDrifted: true, kind: "pictures", summary: "the pictures differ" };

/** A watch of windows of three, whose tests are answered by hand. */
function watch(gapMs = 0) {
  const asked: {
    readonly version: string;
    readonly ids: readonly string[];
    readonly answer: Deferred<DriftVerdict>;
  }[] = [];
  const events: string[] = [];
  const serving = { version: "v1", reference: {} as object | undefined };
  const clock = { ms: 0 };
  let isClosed = false;
  const watched = createDriftWatch({
    tester: {
      test({ version }, rows) {
        const answer = deferred<DriftVerdict>();
        asked.push({ version, ids: rows.map(({ requestId }) => requestId), answer });
        return answer.promise;
      },
      async close() {
        isClosed = true;
        for (const { answer } of asked) answer.reject(new Error("the thread ended"));
      },
    },
    champion: () =>
      ({
        version: serving.version,
        info: { labels: ["cat"], ...(serving.reference && { reference: serving.reference }) },
      }) as unknown as ServedModel,
    window: 3,
    gapMs,
    now: () => clock.ms,
    onTested: (version, { hasDrifted }) => events.push(`${version} ${hasDrifted ? "drifts" : "clean"}`),
    logger: createLogger((level, message, { reason = "" }) => events.push(`${level}: ${message} ${reason}`.trim())),
  });
  const add = (ids: string, more: Partial<LoggedPrediction> = {}): void => {
    const row = { version: serving.version, role: "champion", statistics: new Float32Array(1), ...more };
    watched.add([...ids].map((requestId) => ({ ...row, requestId }) as LoggedPrediction));
  };
  /** Until what followed an answer has run. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { ...watched, asked, events, serving, clock, add, settle, isClosed: () => isClosed };
}

it("tests windows that do not overlap, one at a time, and passes over what comes meanwhile", async () => {
  const { asked, add, settle } = watch();
  add("ab");
  expect(asked).toEqual([]);
  add("cde");
  add("fghi");
  expect(asked.map(({ ids }) => ids.join(""))).toEqual(["abc"]);
  asked[0]!.answer.resolve(clean);
  await settle();
  expect(asked.map(({ ids }) => ids.join(""))).toEqual(["abc", "def"]);
  add("jkl");
  asked[1]!.answer.resolve(clean);
  await settle();
  expect(asked.map(({ ids }) => ids.join(""))).toEqual(["abc", "def", "jkl"]);
});

it("begins at most one window in its time, with what comes then", async () => {
  const { asked, add, settle, clock, serving } = watch(1000);
  add("abcd");
  asked[0]!.answer.resolve(clean);
  await settle();
  clock.ms = 999;
  add("e");
  clock.ms = 1000;
  add("fg");
  clock.ms = 1999;
  add("h");
  expect(asked.map(({ ids }) => ids.join(""))).toEqual(["abc", "fgh"]);
  serving.version = "v2";
  asked[1]!.answer.resolve(clean);
  await settle();
  add("ijk");
  expect(asked[2]).toMatchObject({ version: "v2", ids: ["i", "j", "k"] });
});

it("takes the champion's own answers, to pictures that were measured", () => {
  const { asked, add } = watch();
  add("a");
  add("x", { role: "challenger", version: "v0" });
  add("y", { role: "canary", version: "v2" });
  add("z");
  add("w", { statistics: undefined as never }); // as a row without them
  add("b");
  expect(asked.map(({ ids }) => ids.join(""))).toEqual(["azb"]);
});

it("says when drift begins and when it ends", async () => {
  const { asked, events, add, settle } = watch();
  for (const verdict of [clean, drift, drift, clean]) {
    add("abc");
    asked.at(-1)!.answer.resolve(verdict);
    await settle();
  }
  expect(events).toEqual([
    "v1 clean",
    "v1 drifts",
    "warn: the answers drift from the reference",
    "v1 drifts",
    "v1 clean",
    "warn: the answers no longer drift",
  ]);
});

it("begins anew with another champion, and drops the verdict on the one before", async () => {
  const { asked, events, serving, add, settle } = watch();
  add("abcd");
  serving.version = "v2";
  add("ef");
  asked[0]!.answer.resolve(drift);
  await settle();
  add("g");
  expect(asked.map(({ version, ids }) => `${version} ${ids.join("")}`)).toEqual(["v1 abc", "v2 efg"]);
  expect(events).toEqual([]);
});

it("says once for each version why it cannot test", async () => {
  const { asked, events, serving, add, settle } = watch();
  for (let at = 0; at < 2; at++) {
    add("abc");
    asked.at(-1)!.answer.reject(new Error("no memory"));
    await settle();
  }
  serving.version = "v2";
  serving.reference = undefined;
  add("abc");
  add("abc");
  expect(asked).toHaveLength(2);
  expect(events).toEqual([
    "warn: answers are not tested for drift no memory",
    "warn: answers are not tested for drift the bundle has no reference: make one with pawprint monitor reference MODEL --data SOURCE --out NEW.onnx",
  ]);
});

it("ends with a test under way, and says nothing of it", async () => {
  const { asked, events, add, close, isClosed } = watch();
  add("abcdef");
  await close();
  add("ghi");
  expect(isClosed()).toBe(true);
  expect(asked).toHaveLength(1);
  expect(events).toEqual([]);
});
