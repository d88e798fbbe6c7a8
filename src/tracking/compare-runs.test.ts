import { expect, it } from "vitest";
import { recordRuns } from "../../tests/support/recorded-runs.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { compareRuns } from "./compare-runs.ts";
import { openFileRunStore } from "./files/file-run-store.ts";
import type { RunStore } from "./run-store.ts";

const open = async (): Promise<RunStore> => openFileRunStore(temporaryFolder("compared"));

it("marks the best last value, and finds the best of each history", async () => {
  const store = await open();
  const runs = await recordRuns(store, [
    { name: "a", metrics: { val_loss: [0.5, 0.2, 0.4] } },
    { name: "b", metrics: { val_loss: [0.6, 0.3, Number.NaN], val_accuracy: [0.5] } },
    { name: "c", metrics: { val_loss: [0.7, 0.3] } },
  ]);
  const { metrics, curves } = await compareRuns(store, runs);
  expect(metrics.map(({ key }) => key)).toEqual(["val_accuracy", "val_loss"]);
  const [accuracy, loss] = metrics;
  expect(loss).toMatchObject({ goal: "lowest", last: [0.4, Number.NaN, 0.3], leaders: [2], differs: true });
  expect(loss!.best).toEqual([
    { value: 0.2, step: 2 },
    { value: 0.3, step: 2 },
    { value: 0.3, step: 2 },
  ]);
  // One value is the best of nothing.
  expect(accuracy!.leaders).toEqual([]);
  expect(curves.map(({ key }) => key)).toEqual(["val_loss"]);
});

it("has no best where all are equal", async () => {
  const store = await open();
  const runs = await recordRuns(store, [
    { name: "a", metrics: { val_loss: [1] } },
    { name: "b", metrics: { val_loss: [1] } },
  ]);
  expect((await compareRuns(store, runs)).metrics[0]).toMatchObject({ leaders: [], differs: false });
});

it("tells settings apart from those that are the same or missing, keys of any name", async () => {
  const store = await open();
  const runs = await recordRuns(store, [
    { name: "a", params: { lr: "1", size: "8", proto: "1" }, tags: { "pawprint.reason.lr": "given" } },
    { name: "b", params: { lr: "2", size: "8", constructor: "x" } },
  ]);
  const { params, tags } = await compareRuns(store, runs);
  expect(params).toEqual([
    { key: "constructor", values: [undefined, "x"], differs: true },
    { key: "lr", values: ["1", "2"], differs: true },
    { key: "proto", values: ["1", undefined], differs: true },
    { key: "size", values: ["8", "8"], differs: false },
  ]);
  expect(tags).toEqual([]);
});

it("reads the curves that are asked for, and no history where none is wanted", async () => {
  const store = await open();
  const runs = await recordRuns(store, [
    { name: "a", metrics: { "batch/loss": [3, 2, 1], val_loss: [1, 2] } },
    { name: "b", metrics: { val_loss: [1, 2] } },
  ]);
  const { curves } = await compareRuns(store, runs, { metrics: ["batch/loss"] });
  expect(curves.map(({ key, points }) => [key, points.map(({ length }) => length)])).toEqual([["batch/loss", [3, 0]]]);
  let reads = 0;
  const counting = {
    metricHistory: async () => {
      reads++;
      return [];
    },
  };
  expect((await compareRuns(counting, runs, { readsHistories: false })).curves).toEqual([]);
  expect(reads).toBe(0);
});
