import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RequestContext } from "../http/request-context.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-log-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function linesOf(name: string, level: "info" | "error", write: (log: RequestLog) => void) {
  const file = join(folder, "logs", name);
  const log = await createRequestLog({ level, file });
  write(log);
  await log.close();
  const text = await readFile(file, "utf8");
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

it("writes one object for each request, with what came out and where the time went", async () => {
  const context = new RequestContext({ traceparent, authorization: "Bearer secret" }, undefined, 0, 1000);
  context.took("decode", 1.26);
  context.took("inference", 3.31);
  context.caller = { id: "3f2a" };
  context.outcome = { modelVersion: "v1", pictures: 1, batchSize: 4, label: "cat", confidence: 0.9 };
  const [line, ...others] = await linesOf("a.log", "info", (log) =>
    log.answered("/predict", "POST", 200, context, 5.04),
  );
  expect(others).toEqual([]);
  expect(line).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    service: "pawprint",
    request_id: "0af7651916cd43dd8448eb211c80319c",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    route: "/predict",
    method: "POST",
    status: 200,
    key: "3f2a",
    ms: { total: 5, decode: 1.3, inference: 3.3 },
    model_version: "v1",
    pictures: 1,
    batch: 4,
    prediction: "cat",
    confidence: 0.9,
  });
});

it("holds no character that steers a terminal, and reads as what it was", async () => {
  const context = new RequestContext({}, undefined, 0, 1000);
  const label = "cat\u001b]0;x\u0007\u009b2J\u202egpj\u2028\n";
  context.outcome = { modelVersion: "v1", pictures: 1, batchSize: 1, label, confidence: 0.9 };
  const [line] = await linesOf("d.log", "info", (log) => log.answered("/predict", "POST", 200, context, 1));
  expect(line.prediction).toBe(label);
  const text = await readFile(join(folder, "logs", "d.log"), "utf8");
  expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
});

it("has a level by status: overload is no fault of the service", async () => {
  const lines = await linesOf("b.log", "info", (log) => {
    for (const status of [200, 404, 503, 504, 500]) {
      log.answered("/predict", "POST", status, new RequestContext({}, undefined, 0, 1), 1);
    }
  });
  expect(lines.map(({ status, level }) => [status, level])).toEqual([
    [200, 30],
    [404, 40],
    [503, 40],
    [504, 50],
    [500, 50],
  ]);
});

it("keeps the stack of a fault for itself, under the request's id", async () => {
  const context = new RequestContext({ "x-request-id": "r-1" }, undefined, 0, 1);
  const [line] = await linesOf("c.log", "error", (log) => {
    log.logger.info("not written at this level");
    log.failed(context, new TypeError("cannot read"));
  });
  expect(line).toMatchObject({ request_id: "r-1", err: { type: "TypeError", message: "cannot read" } });
  expect(line.err.stack).toContain("request-log.test.ts");
});
