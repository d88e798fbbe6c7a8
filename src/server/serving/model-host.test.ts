import { expect, it } from "vitest";
import { AppError } from "../../base/errors.ts";
import { createLogger, silentLogger } from "../../base/logger.ts";
import type { BundleSource } from "../../bundle/bundle-source.ts";
import { openModelHost } from "./model-host.ts";
import type { ServedModel } from "./served-model.ts";

/**
 * A source whose content is a version's name; "" stands for nothing there, and a name with "bad"
 * for a bundle that cannot be opened.
 */
function movingSource(first: string) {
  const state = { version: first, reads: 0 };
  const missing = () => new AppError("FILE_NOT_FOUND", { required: "a file", where: "model.onnx" });
  const source: BundleSource = {
    name: "pets",
    location: "model.onnx",
    async stamp() {
      if (state.version === "") throw missing();
      return state.version;
    },
    async read() {
      state.reads++;
      return { bytes: Buffer.from(state.version), where: state.version };
    },
  };
  return { source, state };
}

function openHost(sources: { champion: BundleSource; canary?: BundleSource }, canaryPercent = 0) {
  const events: string[] = [];
  return {
    events,
    host: openModelHost({
      sources,
      canaryPercent,
      logger: createLogger((level, message) => events.push(`${level}: ${message}`)),
      now: () => 0,
      async open({ bytes, where }) {
        const text = Buffer.from(bytes).toString();
        if (text.includes("bad")) throw new AppError("BUNDLE_PARITY", { required: "the stored answers", where });
        const version = text.split(" ")[0]!;
        events.push(`opened ${text}`);
        return {
          version,
          source: where,
          name: "pets",
          retire: async () => void events.push(`retired ${text}`),
        } as unknown as ServedModel;
      },
      onChange: (role, model, before) => events.push(`${role}: ${before?.version} -> ${model.version}`),
      onFailure: (role) => events.push(`failed: ${role}`),
    }),
  };
}

it("changes over when the source has another bundle, and puts the old one away afterwards", async () => {
  const { source, state } = movingSource("v1");
  const { host: opening, events } = openHost({ champion: source });
  const host = await opening;
  await host.refresh();
  expect(state.reads).toBe(1);
  state.version = "v2";
  await host.refresh();
  expect(host.current("champion")?.version).toBe("v2");
  expect(host.byVersion("v1")).toBeUndefined();
  expect(host.byVersion("v2")).toBe(host.current("champion"));
  expect(host.versions).toEqual([
    { version: "v2", role: "champion", state: "serving", source: "v2", since: "1970-01-01T00:00:00.000Z" },
  ]);
  expect(events).toEqual([
    "opened v1",
    "champion: undefined -> v1",
    "info: a model serves",
    "opened v2",
    "champion: v1 -> v2",
    "info: a model serves",
    "retired v1",
  ]);
});

it("keeps back what cannot be opened, tries it once, and says so until something better comes", async () => {
  const { source, state } = movingSource("v1");
  const { host: opening, events } = openHost({ champion: source });
  const host = await opening;
  state.version = "v2-bad";
  await host.refresh();
  await host.refresh();
  expect(state.reads).toBe(2);
  expect(host.current("champion")?.version).toBe("v1");
  expect(host.versions.map(({ state: one, version, error }) => [one, version, error?.code])).toEqual([
    ["serving", "v1", undefined],
    ["refused", "", "BUNDLE_PARITY"],
  ]);
  expect(events.filter((event) => event.startsWith("error"))).toEqual(["error: a bundle was refused"]);
  expect(events.filter((event) => event.startsWith("failed"))).toEqual(["failed: champion"]);
  state.version = "";
  await host.refresh();
  expect(host.versions[1]?.error?.code).toBe("FILE_NOT_FOUND");
  state.version = "v3";
  await host.refresh();
  expect(host.versions.map(({ state: one, version }) => [one, version])).toEqual([["serving", "v3"]]);
});

it("forgets a refusal when the file is put back as it was", async () => {
  const { source, state } = movingSource("v1");
  const host = await openHost({ champion: source }).host;
  state.version = "bad";
  await host.refresh();
  state.version = "v1";
  await host.refresh();
  expect(host.versions).toHaveLength(1);
});

it("does not change over to the same bundle under another stamp", async () => {
  const { source, state } = movingSource("v1");
  const { host: opening, events } = openHost({ champion: source });
  const host = await opening;
  state.version = "v1 touched";
  await host.refresh();
  expect(events.slice(-2)).toEqual(["opened v1 touched", "retired v1 touched"]);
  expect(host.current("champion")?.source).toBe("v1");
});

it("does not open without a champion, but does without a canary", async () => {
  await expect(openHost({ champion: movingSource("bad").source }).host).rejects.toMatchObject({
    code: "BUNDLE_PARITY",
  });
  const host = await openHost({ champion: movingSource("v1").source, canary: movingSource("bad").source }, 100).host;
  expect(host.route("anyone")?.version).toBe("v1");
  expect(host.versions.map(({ role, state }) => [role, state])).toEqual([
    ["champion", "serving"],
    ["canary", "refused"],
  ]);
});

it("routes a share of the keys to the canary, and at once another share", async () => {
  const host = await openHost({ champion: movingSource("v1").source, canary: movingSource("v2").source }, 50).host;
  const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  const shares = () => keys.filter((key) => host.route(key)?.version === "v2").length;
  expect(shares()).toBeGreaterThan(25);
  expect(shares()).toBeLessThan(75);
  host.canaryPercent = 0;
  expect(shares()).toBe(0);
  host.canaryPercent = 100;
  expect(shares()).toBe(100);
});

it("puts everything away when it closes, and looks no more", async () => {
  const { source, state } = movingSource("v1");
  const { host: opening, events } = openHost({ champion: source, canary: movingSource("v2").source });
  const host = await opening;
  await host.close();
  expect(events.filter((event) => event.startsWith("retired")).sort()).toEqual(["retired v1", "retired v2"]);
  state.version = "v3";
  await host.refresh();
  expect(state.reads).toBe(1);
});

it("looks once for calls that come during a look", async () => {
  const { source, state } = movingSource("v1");
  const host = await openHost({ champion: source }).host;
  state.version = "v2";
  await Promise.all([host.refresh(), host.refresh(), host.refresh()]);
  expect(state.reads).toBe(2);
});

it("tries a bundle again that could not be read, and one that was refused when it is told to", async () => {
  const { source, state } = movingSource("v1");
  let faults = 1;
  const shaky: BundleSource = {
    ...source,
    async read() {
      if (state.version === "v2" && faults-- > 0) throw new AppError("FILE_READ_FAILED", { required: "a file" });
      return source.read();
    },
  };
  const host = await openHost({ champion: shaky }).host;
  state.version = "v2";
  await host.refresh();
  expect(host.current("champion")?.version).toBe("v1");
  await host.refresh();
  expect(host.current("champion")?.version).toBe("v2");
  state.version = "bad";
  await host.refresh();
  const before = state.reads;
  await host.refresh();
  expect(state.reads).toBe(before);
  await host.refresh(true);
  expect(state.reads).toBe(before + 1);
});

it("tries what was refused once more also where it is told to during a look", async () => {
  const { source, state } = movingSource("v1");
  const host = await openHost({ champion: source }).host;
  state.version = "bad";
  await host.refresh();
  const before = state.reads;
  await Promise.all([host.refresh(), host.refresh(true), host.refresh(true), host.refresh(true)]);
  expect(state.reads).toBe(before + 1);
});

it("remembers a refusal while its source cannot be looked at", async () => {
  const { source, state } = movingSource("v1");
  const host = await openHost({ champion: source }).host;
  const errors: unknown[] = [];
  for (const version of ["bad", "", "bad"]) {
    state.version = version;
    await host.refresh();
    errors.push(host.versions[1]?.error?.code);
  }
  expect(errors).toEqual(["BUNDLE_PARITY", "FILE_NOT_FOUND", "BUNDLE_PARITY"]);
});

it("forgets that its source could not be looked at once it can, and nothing has changed", async () => {
  const { source, state } = movingSource("v1");
  const host = await openHost({ champion: source }).host;
  state.version = "";
  await host.refresh();
  expect(host.versions).toHaveLength(2);
  state.version = "v1";
  await host.refresh();
  expect(host.versions.map(({ state: one }) => one)).toEqual(["serving"]);
  expect(state.reads).toBe(1);
});

it("ends where it is told to stop while a bundle is being loaded", async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const opening = openModelHost({
    sources: { champion: movingSource("v1").source },
    canaryPercent: 0,
    logger: silentLogger,
    now: () => 0,
    open: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        setTimeout(() => stop.abort(), 0);
      }),
    onChange: () => ended.push("changed"),
    signal: stop.signal,
  });
  await expect(opening).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(ended).toEqual([]);
});
