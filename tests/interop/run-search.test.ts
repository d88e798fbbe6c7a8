/** The same filters and orders on the same runs: ours against MLflow's, in the same order. */
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../src/base/errors.ts";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import { findMlflowClient } from "../support/mlflow-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mlflow = await findMlflowClient();

/**
 * Filters that both must answer alike, those that both refuse among them. Left out: MLflow refuses
 * blanks alone and takes an AND at the end.
 */
const filters = [
  "",
  "metrics.acc > 0.5",
  "metrics.acc >= 0.5 and metrics.acc != 0.75",
  "metric.acc<0.5",
  "metrics.acc <= 5e-1",
  "metrics.acc = 0.5",
  "metrics.acc = .5",
  "metrics.acc > -1",
  "metrics.loss > -1e-3",
  "metrics.loss != 0",
  "metrics.`val/loss` < 3",
  'metrics."val/loss" < 3',
  "metrics.a.b > 0",
  "metrics.none > 0",
  "params.lr = '0.1'",
  'params.lr = "0.1"',
  "param.lr != '0.1'",
  "parameters.`net/depth` = '3'",
  "parameter.lr LIKE '0.%'",
  "params.lr like '%1'",
  "params.lr ILIKE '%1%'",
  "params.note = 'it''s'",
  'params.note = "it\'s"',
  "params.lr IS NULL",
  "params.lr is not null",
  "tags.team IS NULL AND params.lr IS NOT NULL",
  "tags.team = 'pets'",
  "tag.team ILIKE 'PE_S'",
  "tags.team LIKE 'PE_S'",
  "tags.team LIKE 'pe'",
  "tags.`mlflow.runName` = 'run 3'",
  'tags."mlflow.runName" LIKE "run%"',
  "tags.team != 'pets'",
  "tags.größe = 'x'",
  "status = 'FINISHED'",
  "attributes.status != 'FINISHED'",
  "attr.status = 'FAILED' and run.run_name LIKE 'run%'",
  "attribute.run_name = 'run 3'",
  "`run name` = 'run 3'",
  "attributes.`Run name` ILIKE 'RUN 3'",
  "attributes.start_time > 1005",
  "start_time >= 1005 and start_time < 1008",
  "created > 1005",
  "attributes.Created <= 1005",
  "end_time > 2000",
  "end_time != 2001",
  "user_id = 'anna'",
  "run_id = 'a0000000000000000000000000000003'",
  "run_id IN ('a0000000000000000000000000000003', 'a0000000000000000000000000000005')",
  "attributes.run_id NOT IN ('a0000000000000000000000000000003')",
  "run_id LIKE '%5'",
  "dataset.name = 'cats'",
  "datasets.name LIKE '%s'",
  "datasets.digest != 'd1'",
  "dataset.context = 'training'",
  "dataset.name IN ('cats', 'birds')",
  "datasets.digest NOT IN ('d1')",
  "metrics.acc > 0.1 AND params.lr = '0.1' AND tags.team = 'pets' AND status = 'FINISHED'",
  "metrics.acc > 0.1\n  and\tparams.lr = '0.1'",
  // refused by both
  "metrics.acc > 'high'",
  "metrics.acc > high",
  "metrics.acc LIKE '0.5'",
  "metrics.acc IS NULL",
  "params.lr > '0.1'",
  "params.lr = 0.1",
  "params.lr = `0.1`",
  "params.lr IN ('0.1')",
  "tags.team IN ('pets')",
  "status IN ('FINISHED')",
  "status IS NULL",
  "start_time = 'now'",
  "start_time LIKE '1'",
  "dataset.name IS NULL",
  "dataset.size = '1'",
  "attributes.size = '1'",
  "size = '1'",
  "model.name = 'x'",
  "metrics.acc > 0.5 or metrics.acc < 0.1",
  "(metrics.acc > 0.5)",
  "not metrics.acc > 0.5",
  "metrics.acc",
  "metrics.acc >",
  "metrics.acc == 0.5",
  "metrics.acc <> 0.5",
  "params.lr = '0.1",
  "run_id IN ()",
  "run_id IN ('a', 1)",
] as const;

const orders: readonly (readonly string[])[] = [
  [],
  ["metrics.acc"],
  ["metrics.acc DESC"],
  ["metric.acc asc"],
  ["metrics.loss ASC"],
  ["metrics.loss DESC"],
  ["metrics.`val/loss` DESC"],
  ["params.lr ASC", "metrics.acc DESC"],
  ["params.lr DESC", "start_time ASC"],
  ["tags.team ASC", "attributes.run_id DESC"],
  ["tags.`mlflow.runName` DESC"],
  ["attributes.start_time ASC"],
  ["start_time DESC"],
  ["Created"],
  ["end_time ASC"],
  ["end_time DESC"],
  ["status", "run_name DESC"],
  ["user_id"],
  ["run_id DESC"],
  ["metrics.none DESC"],
  // refused by both
  ["dataset.name"],
  ["size"],
  ["metrics.acc DOWN"],
  ["metrics.acc DESC 3"],
  ["model.x"],
  [""],
];

async function writeRuns(store: RunStore): Promise<void> {
  const { id: experimentId } = await store.ensureExperiment("search");
  for (let at = 0; at < 12; at++) {
    const tags = new Map([["mlflow.user", at % 2 ? "anna" : "ben"]]);
    if (at % 3) tags.set("team", at % 4 ? "pets" : "Birds");
    if (at === 7) tags.set("größe", "x");
    const id = `a${at.toString(16).padStart(31, "0")}`;
    // Two runs each begin at the same time.
    await store.createRun({ experimentId, name: `run ${at}`, id, startedMs: 1000 + Math.floor(at / 2) * 2, tags });
    const point = (key: string, value: number, step: number) => ({ key, value, step, timestampMs: 1000 + step });
    const metrics = [point("acc", ((at * 5) % 12) / 12, 0), point("acc", ((at * 7) % 12) / 12, 1)];
    if (at === 4) metrics.push(point("acc", 0.5, 2));
    const losses = [Number.NaN, 1, Number.POSITIVE_INFINITY, 0, -0, Number.NEGATIVE_INFINITY, Number.NaN, 2];
    const loss = losses[at];
    if (loss !== undefined) metrics.push(point("loss", loss, 0), point("val/loss", at, 0));
    if (at % 2) metrics.push(point("a.b", at, 0));
    const params = new Map<string, string>();
    if (at % 4) params.set("lr", at % 3 ? "0.1" : "0.01").set("net/depth", "3");
    if (at === 5) params.set("note", "it's");
    if (at === 6) params.set("note", "it''s");
    await store.logBatch(id, { metrics, params });
    const dataset = { sourceType: "local", source: "{}" };
    if (at % 3 === 0) {
      await store.logInputs(id, [
        { ...dataset, name: "cats", digest: `d${at}`, tags: new Map([["mlflow.data.context", "training"]]) },
        { ...dataset, name: "dogs", digest: "d1", tags: new Map([["mlflow.data.context", "testing"]]) },
      ]);
    }
    if (at % 5) await store.updateRun(id, { status: at % 2 ? "FINISHED" : "FAILED", endedMs: 2000 + (at % 3) });
  }
}

describe.skipIf(!mlflow)("a search of runs", () => {
  const folder = temporaryFolder("search");
  const cases: [string, readonly string[]][] = [
    ...filters.map((filter): [string, readonly string[]] => [filter, []]),
    ...orders.map((order): [string, readonly string[]] => ["", order]),
  ];
  let theirs: unknown[] = [];
  let store: RunStore;
  beforeAll(async () => {
    store = await openFileRunStore(folder);
    await writeRuns(store);
    theirs = mlflow!.call("search", folder, cases) as unknown[]; // one answer for each case
  });

  it.each(cases.map(([filter, order], index) => ({ filter, order, index })))(
    "answers as MLflow: $filter $order",
    async ({ filter, order, index }) => {
      const ours = await store.searchRuns({ filter, orderBy: order }).then(
        ({ runs }) => runs.map(({ id }) => id),
        (error: unknown) => (isAppError(error, "FILTER_INVALID") ? "INVALID" : String(error)),
      );
      expect(ours).toEqual(theirs[index]);
    },
  );
});
