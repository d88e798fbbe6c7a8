/**
 * What must not go wrong while people use the service: changes of the model, its end, too many of
 * them, some who leave.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import type { VersionState } from "../../src/server/contract/model-routes.ts";
import { rawRequest } from "../support/malformed/request.ts";
import { sendRaw } from "../support/malformed/send-raw.ts";
import { digitModel, type RunningService, startService } from "../support/running-service.ts";
import { steadyLoad } from "../support/steady-load.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const digit = Buffer.from(JSON.stringify({ image: Array.from({ length: 784 }, (_, at) => at % 256) }));
const digitRequest = rawRequest({ path: "/predict", headers: { "content-type": "application/json" }, body: digit });

const folder = temporaryFolder("load");
const versions: string[] = [];
beforeAll(async () => {
  for (let seed = 0; seed < 4; seed++) {
    const path = join(folder, `v${seed}.onnx`);
    await writeUntrainedBundle({ ...digitModel, seed }, path);
    versions.push(path);
  }
});

const portOf = ({ origin }: Pick<RunningService, "origin">): number => Number(new URL(origin).port);

async function metricOf(origin: string, name: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

describe("a folder of bundles that is watched", () => {
  let live = "";
  let service: RunningService;
  beforeAll(async () => {
    live = join(folder, "live");
    await mkdir(live);
    await copyFile(versions[0]!, join(live, "v0.onnx"));
    service = await startService(digitModel, { model: live, adminPort: 0, pollMs: 100, queue: 10_000 });
  });
  afterAll(() => service.close());

  const states = async (method: string, url: string): Promise<readonly VersionState[]> =>
    ((await (await fetch(url, { method })).json()) as { readonly versions: readonly VersionState[] }).versions;
  const place = async (path: string, name: string): Promise<void> => {
    await copyFile(path, join(live, `.${name}`));
    await rename(join(live, `.${name}`), join(live, name));
  };

  it("changes models under load without losing one of 10,000 requests", async () => {
    const swaps: Promise<void>[] = [];
    const { statuses, lost } = await steadyLoad({
      request: digitRequest,
      count: 10_000,
      connections: 32,
      port: () => portOf(service),
      onAnswer(done) {
        if (done % 2500 === 1250 && swaps.length < 3)
          swaps.push(place(versions[swaps.length + 1]!, `v${swaps.length + 1}.onnx`));
      },
    });
    await Promise.all(swaps);
    expect({ statuses, lost }).toEqual({ statuses: { 200: 10_000 }, lost: 0 });
    await expect
      .poll(() => metricOf(service.origin, 'pawprint_model_swaps_total{role="champion"}'), { timeout: 10_000 })
      .toBeGreaterThan(2);
  });

  it("keeps a faulty bundle back, says why, and goes on with the one that serves", async () => {
    const reload = () => states("POST", `${service.adminOrigin}/admin/reload`);
    // Whatever is still being loaded serves after it.
    const [{ version }] = (await reload()) as [VersionState];
    await writeFile(join(live, "v9.onnx"), "not a bundle");
    const [serving, refused] = await reload();
    expect(serving).toMatchObject({ role: "champion", state: "serving", version });
    expect(refused).toMatchObject({ role: "champion", state: "refused", error: { code: "MODEL_UNREADABLE" } });
    expect(refused?.error?.message).toContain("v9.onnx");
    expect((await sendRaw(portOf(service), { kind: "digit", bytes: digitRequest }, 5000)).status).toBe(200);
    await rm(join(live, "v9.onnx"));
    const after = await reload();
    expect(after).toMatchObject([{ state: "serving", version }]);
  });
});

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** `pawprint serve` as a process of its own. */
async function spawnService(...options: string[]): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, ["--import", "tsx", cli, "serve", ...options, "--port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: child.stderr! })) {
    const port = /on http:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return { child, port: Number(port) };
  }
  throw new Error("the service ended before it listened");
}

describe("SIGTERM under load", () => {
  it("loses none of 10,000 requests: what came is answered, the others go where readiness sends them", async () => {
    const options = ["--log-level", "error", "--queue", "10000", "--drain-ms", "1500"];
    const [old, next] = await Promise.all([
      spawnService(versions[0]!, ...options),
      spawnService(versions[1]!, ...options),
    ]);
    try {
      let target = old.port;
      let ended: Promise<unknown[]> | undefined;
      // As a load balancer does: it looks at readiness, and sends new connections to those that are
      // ready.
      const watch = setInterval(async () => {
        const { status } = await fetch(`http://127.0.0.1:${old.port}/readyz`).catch(() => ({ status: 0 }));
        if (status !== 200) target = next.port;
      }, 100);
      const { statuses, lost } = await steadyLoad({
        request: digitRequest,
        count: 10_000,
        connections: 32,
        port: () => target,
        onAnswer(done) {
          if (done !== 3000) return;
          ended = once(old.child, "exit");
          old.child.kill("SIGTERM");
        },
      });
      clearInterval(watch);
      expect({ statuses, lost }).toEqual({ statuses: { 200: 10_000 }, lost: 0 });
      expect(target).toBe(next.port);
      expect((await ended)?.[0]).toBe(0);
    } finally {
      old.child.kill("SIGKILL");
      next.child.kill("SIGKILL");
    }
  });
});

describe("more work than there is time for", () => {
  let service: RunningService;
  let request: Buffer;
  beforeAll(async () => {
    service = await startService(undefined, { queue: 4 });
    // Large enough that decoding takes some milliseconds.
    const body = await sharp(Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 })))
      .resize(2400, 2400)
      .jpeg()
      .toBuffer();
    request = rawRequest({ path: "/predict", headers: { "content-type": "image/jpeg" }, body });
  });
  afterAll(() => service.close());
  const send = (bytes = request, extra = {}) =>
    sendRaw(portOf(service), { kind: "a picture", bytes, ...extra }, 10_000);

  it("is refused with 503 and a time to come again, once the queue is full", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => send()));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
    const refused = answers.find(({ status }) => status === 503)!;
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(refused.text).toMatch(/\r\nretry-after: [1-9]/i);
    expect(refused.text).toContain('"code":"OVERLOADED"');
    expect((await send()).status).toBe(200);
  });

  it("is dropped with 504 once its deadline has passed", async () => {
    const hasty = Buffer.from(
      request.toString("latin1").replace("content-type", "x-deadline-ms: 1\r\ncontent-type"),
      "latin1",
    );
    const { status, text } = await send(hasty);
    expect(status).toBe(504);
    expect(text).toContain('"code":"DEADLINE_EXCEEDED"');
    expect((await send()).status).toBe(200);
  });

  it("is not done for clients who have left", async () => {
    await Promise.all(Array.from({ length: 40 }, () => send(request, { isAbandoned: true })));
    await pause(300);
    const gone = await metricOf(service.origin, 'pawprint_errors_total{code="CLIENT_GONE"}');
    expect(gone).toBeGreaterThan(0);
    await expect.poll(() => metricOf(service.origin, "pawprint_queue_pictures")).toBe(0);
    expect((await send()).status).toBe(200);
  });
});
