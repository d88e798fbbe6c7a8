import { expect, it } from "vitest";
import { AppError } from "../../base/errors.ts";
import { createLogger } from "../../base/logger.ts";
import type { LoggedModel } from "../../prediction-log/prediction-log.ts";
import type { ServedModel } from "../serving/served-model.ts";
import { createModelDescriber } from "./model-describer.ts";

const served = (version: string, info: object = {}) =>
  ({ name: "pets", version, info: { labels: ["cat", "dog"], ...info } }) as unknown as ServedModel;

function drawnLog() {
  const models: LoggedModel[] = [];
  const state = { isAway: false, calls: 0, nowMs: 0 };
  const logged: string[] = [];
  const call = async <T>(work: () => T): Promise<T> => {
    state.calls++;
    if (state.isAway) throw new AppError("PREDICTION_LOG_UNAVAILABLE", { required: "a log", received: "none" });
    return work();
  };
  const describer = createModelDescriber({
    log: {
      location: "the store",
      describeModel: (model) => call(() => void models.push(model)),
      models: () => call(() => models),
    },
    logger: createLogger((level, message) => logged.push(`${level} ${message}`)),
    now: () => state.nowMs,
  });
  return { describer, models, state, logged };
}

it("describes each version once, however often it answers", async () => {
  const { describer, models, state } = drawnLog();
  const reference = { count: 7 };
  for (const version of ["1", "2", "1", "2", "1"])
    describer.note(served(version, version === "2" ? { reference } : {}));
  await describer.flush();
  describer.note(served("1"));
  await describer.flush();
  expect(models).toEqual([
    { model: "pets", version: "1", labels: ["cat", "dog"], timeMs: expect.any(Number) },
    { model: "pets", version: "2", labels: ["cat", "dog"], timeMs: expect.any(Number), reference },
  ]);
  expect(state.calls).toBe(2);
});

it("asks a store that is away again later, seldom, and knows the labels meanwhile", async () => {
  const { describer, models, state, logged } = drawnLog();
  state.isAway = true;
  describer.note(served("1"));
  await describer.flush();
  const { calls } = state;
  for (let at = 0; at < 100; at++) describer.note(served("1"));
  expect(state.calls).toBe(calls);
  expect(await describer.modelsWith({ model: "pets", version: "1" })).toMatchObject([{ labels: ["cat", "dog"] }]);
  expect(logged).toEqual(["warn a model waits for its log: Expected a log; got none"]);
  state.isAway = false;
  state.nowMs = 6000;
  describer.note(served("1"));
  await expect.poll(() => models.map(({ version }) => version)).toEqual(["1"]);
});

it("knows the versions that another service described, and looks again for one that it does not know", async () => {
  const { describer, models, state } = drawnLog();
  models.push({ model: "pets", version: "old", labels: ["cow"], timeMs: 1 });
  const labelsOf = async (version: string) =>
    (await describer.modelsWith({ model: "pets", version })).map((one) => one.labels);
  expect(await labelsOf("old")).toEqual([["cow"]]);
  await labelsOf("old");
  expect(state.calls).toBe(1);
  models.push({ model: "pets", version: "new", labels: ["ox"], timeMs: 2 });
  expect(await labelsOf("new")).toEqual([["cow"], ["ox"]]);
});
