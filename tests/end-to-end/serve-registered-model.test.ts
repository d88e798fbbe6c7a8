/** A service that follows an alias of a registry: no request is lost, and a registry that is away harms none. */
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { inspectBundle } from "../../src/bundle/bundle-file.ts";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { openFileRegistry } from "../../src/registry/files/file-registry.ts";
import type { ModelRegistry } from "../../src/registry/model-registry.ts";
import { registerBundle } from "../../src/registry/register-bundle.ts";
import { openFileRunStore } from "../../src/tracking/files/file-run-store.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import { trackingAccess } from "../../src/tracking/tracking-access.ts";
import { openModelRegistry, openRunStore } from "../../src/wire/tracking.ts";
import { startFakeMlflow } from "../support/mlflow-server.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { petModel } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

interface VersionState {
  readonly version: string;
  readonly role: string;
  readonly state: string;
  readonly source: string;
  readonly error?: { readonly code: string };
}

/** The first 12 digits of the hash, by which the service knows the bundle. */
async function register(registry: ModelRegistry, store: RunStore, path: string): Promise<string> {
  const model = await inspectBundle(path);
  await registerBundle({ registry, store }, { name: "pets", model, mover: { by: "tester@host" }, now: Date.now });
  return model.sha256.slice(0, 12);
}

/** Serves `models:/pets@champion`, looking five times a second. */
async function serve(cwd: string, trackingUri = "runs") {
  const flags = "--port 0 --poll-ms 200 --log-file serve.log --tracking-uri";
  const line = ["serve", "models:/pets@champion", ...flags.split(" "), trackingUri];
  const service = startPawprint(line, { cwd });
  await expect.poll(service.err, { timeout: 30_000, interval: 50 }).toMatch(/on http:\S+/);
  const origin = /on (http:\S+)/.exec(service.err())![1]!;
  const states = async (): Promise<readonly VersionState[]> => {
    const model = (await (await fetch(`${origin}/model`)).json()) as { versions: readonly VersionState[] };
    return model.versions;
  };
  return { service, origin, states };
}

/** Asks without a pause until it is stopped; the statuses of all answers, and the versions that gave them. */
function askWithoutEnd(origin: string, picture: Uint8Array) {
  const statuses = new Map<number, number>();
  const versions = new Set<string>();
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const body = new Blob([new Uint8Array(picture)], { type: "image/jpeg" });
      const answer = await fetch(`${origin}/predict`, { method: "POST", body });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      versions.add(((await answer.json()) as { model_version: string }).model_version);
    }
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  return {
    versions,
    async stop(): Promise<ReadonlyMap<number, number>> {
      isOver = true;
      await asking;
      return statuses;
    },
  };
}

it("swaps to the version that the alias is moved to, without losing a request, and keeps it while the registry is away", async () => {
  const cwd = temporaryFolder("registered");
  const runs = join(cwd, "runs");
  const [registry, store] = [await openFileRegistry(runs), await openFileRunStore(runs)];
  await writeUntrainedBundle(petModel, join(cwd, "one.onnx"));
  await writeUntrainedBundle({ ...petModel, seed: 8 }, join(cwd, "two.onnx"));
  const first = await register(registry, store, join(cwd, "one.onnx"));
  const second = await register(registry, store, join(cwd, "two.onnx"));
  await registry.setAlias("pets", "champion", "1");

  const { service, origin, states } = await serve(cwd);
  expect(service.err()).toContain(`pets ${first} on `);
  expect(await states()).toMatchObject([{ version: first, state: "serving", source: "models:/pets/1" }]);

  const asking = askWithoutEnd(origin, await drawSamplePicture({ label: "cat", seed: 1, sizePx: 64 }));
  await expect.poll(() => asking.versions.has(first), { timeout: 10_000 }).toBe(true);
  await registry.setAlias("pets", "champion", "2");
  await expect.poll(() => asking.versions.has(second), { timeout: 20_000 }).toBe(true);
  expect(await states()).toMatchObject([{ version: second, state: "serving", source: "models:/pets/2" }]);

  await rename(runs, `${runs}-away`);
  const refusals = async () => (await states()).map(({ state, error }) => [state, error?.code]);
  await expect.poll(refusals, { timeout: 10_000 }).toContainEqual(["refused", "MODEL_NOT_REGISTERED"]);
  expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  await rename(`${runs}-away`, runs);
  await registry.setAlias("pets", "champion", "1");
  await expect.poll(states, { timeout: 20_000 }).toMatchObject([{ version: first, source: "models:/pets/1" }]);

  const statuses = await asking.stop();
  expect([...statuses.keys()]).toEqual([200]);
  expect(asking.versions).toEqual(new Set([first, second]));
  service.child.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  const log = (await readFile(join(cwd, "serve.log"), "utf8")).trim().split("\n");
  const told = (...texts: string[]) => log.filter((line) => texts.every((text) => line.includes(text))).length;
  expect(told("a source could not be looked at", "MODEL_NOT_REGISTERED")).toBe(1);
  expect(told("a source can be looked at again")).toBe(1);
});

it("follows an alias on a server that goes away and comes back, and does not start without it", async () => {
  const cwd = temporaryFolder("registered");
  const server = await startFakeMlflow();
  onTestFinished(() => server.stop());
  const access = trackingAccess({ trackingUri: server.url }, {}, (path) => path);
  const [registry, store] = [await openModelRegistry(access), await openRunStore(access)];
  await writeUntrainedBundle(petModel, join(cwd, "one.onnx"));
  await writeUntrainedBundle({ ...petModel, seed: 8 }, join(cwd, "two.onnx"));
  const first = await register(registry, store, join(cwd, "one.onnx"));
  const second = await register(registry, store, join(cwd, "two.onnx"));
  await registry.setAlias("pets", "champion", "1");

  const { origin, states } = await serve(cwd, server.url);
  const asking = askWithoutEnd(origin, await drawSamplePicture({ label: "cat", seed: 1, sizePx: 64 }));
  await server.stop();
  const refusals = async () => (await states()).map(({ state, error }) => [state, error?.code]);
  await expect.poll(refusals, { timeout: 10_000 }).toContainEqual(["refused", "TRACKING_UNAVAILABLE"]);
  expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  const other = startPawprint(["serve", "models:/pets@champion", "--port", "0", "--tracking-uri", server.url], { cwd });
  expect(await other.ended).toBe(1);
  expect(other.err()).toMatch(/^error TRACKING_UNAVAILABLE: .*a refused connection/);

  await server.start();
  await registry.setAlias("pets", "champion", "2");
  await expect.poll(states, { timeout: 20_000 }).toMatchObject([{ version: second, source: "models:/pets/2" }]);
  const statuses = await asking.stop();
  expect([...statuses.keys()]).toEqual([200]);
  expect(asking.versions.has(first)).toBe(true);
  await registry.close();
  await store.close();
});
