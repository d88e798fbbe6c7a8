import { writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { startFakeMlflow } from "../../tests/support/mlflow-server.ts";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { racePromotions } from "../../tests/support/promotion-race.ts";
import { registeredModels } from "../../tests/support/registered-models.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { tinyExecutor as executor } from "../../tests/support/tiny-bundle.ts";
import { ensureHistory, historyRunTag } from "../registry/promotion/history.ts";
import type { Claim } from "../registry/promotion/move.ts";
import { claimKey, claimText } from "../registry/promotion/move.ts";
import { PromotionRefusal } from "../registry/promotion/promote.ts";
import type { TrackingAccess } from "../tracking/tracking-access.ts";
import { modelHistory, modelLineage, modelsAt, promoteModel, rollbackModel } from "./models.ts";
import type { PromoteModelOptions } from "./options/models-options.ts";
import { initRepository } from "./versioning.ts";

const name = "cats & dogs";
const mover = { by: "anna@host", gitUser: "Anna" };

function options(version: string, given: Partial<PromoteModelOptions> = {}): PromoteModelOptions {
  return { name, version, alias: "champion", mover, executor, ...given };
}

async function pictures(perClass = 24): Promise<string> {
  const folder = join(temporaryFolder("pictures"), "data");
  await writePictureFolder(folder, { perClass });
  return folder;
}

describe("a promotion", () => {
  it("moves the alias of a first version, and writes down who, when and why", async () => {
    const models = await registeredModels();
    await models.register(name);
    const promotion = await promoteModel(models, options("1", { reason: "the first" }));
    expect(promotion).toMatchObject({ outcome: "promoted", version: "1", forced: false, number: 1 });
    expect(promotion).not.toHaveProperty("from");
    expect(await models.registry.resolveAlias(name, "champion")).toBe("1");
    const version = await models.registry.getVersion(name, "1");
    expect(version.tags.get("pawprint.promoted.champion")).toMatch(/^\d{4}-.*Z by anna@host$/);

    const history = await modelHistory(models, name);
    expect(history.aliases).toHaveLength(1);
    const [move] = history.aliases[0]!.moves;
    expect(move).toMatchObject({
      kind: "promote",
      to: "1",
      ...mover,
      reason: "the first",
      state: "applied",
      number: 1,
    });
    const run = await models.store.getRun(history.runId!);
    expect([run.name, run.status]).toEqual([name, "FINISHED"]);
    const details = await readAll(models.store.readArtifact({ runId: run.id }, "moves/champion-1.json"));
    expect(JSON.parse(details).gates).toEqual(promotion.gates);
  });

  it("says who the user of this process is", async () => {
    const models = await registeredModels();
    await models.register(name);
    const { mover: _, ...unsigned } = options("1");
    await promoteModel(models, unsigned);
    const [move] = (await modelHistory(models, name)).aliases[0]!.moves;
    expect(move).toMatchObject({ by: `${userInfo().username}@${hostname()}` });
  });

  it("does nothing for the version that has the alias, and finds no other faults in it", async () => {
    const models = await registeredModels();
    await models.register(name);
    await promoteModel(models, options("1"));
    expect(await promoteModel(models, options("1"))).toMatchObject({ outcome: "unchanged", gates: [] });
    expect((await modelHistory(models, name)).aliases[0]?.moves).toHaveLength(1);
  });

  it("compares with the present version on the same pictures", async () => {
    const models = await registeredModels();
    for (const seed of [7, 8]) await models.register(name, { seed });
    const data = await pictures();
    const settings = {
      data,
      split: "all",
      maxAccuracyLoss: 1,
      significance: 0,
      maxSliceLoss: 1,
      maxSliceGap: 1,
      minSlicePictures: 5,
    } as const;
    await promoteModel(models, options("1", { settings }));
    const second = await promoteModel(models, options("2", { settings }));
    expect(second.from).toBe("1");
    const verdicts = new Map(second.gates.map(({ gate, verdict }) => [gate, verdict]));
    expect([verdicts.get("labels"), verdicts.get("comparison"), verdicts.get("slices")]).toEqual([
      "pass",
      "pass",
      "pass",
    ]);
    expect(second.gates.find(({ gate }) => gate === "comparison")?.reason).toMatch(/of version 1 on 48 pictures, p = /);
  });

  it("is refused with each failed gate named, and moves nothing", async () => {
    const models = await registeredModels();
    await models.register(name);
    const settings = { data: await pictures(), split: "all", minAccuracy: 1, maxSizeBytes: 10 } as const;
    const refusal = await failureOf(promoteModel(models, options("1", { settings })));
    expect(refusal).toBeInstanceOf(PromotionRefusal);
    expect(refusal.code).toBe("PROMOTION_REFUSED");
    expect(refusal.message).toMatch(/size \(\d+ bytes, above 10 bytes\); accuracy \(0\.\d{4}, below 1\)/);
    expect(JSON.parse(JSON.stringify(refusal)).gates).toHaveLength(9);
    expect(await models.registry.resolveAlias(name, "champion")).toBeUndefined();
    expect((await modelHistory(models, name, "champion")).aliases[0]?.moves).toEqual([]);

    expect((await failureOf(promoteModel(models, options("1", { settings, force: true })))).code).toBe(
      "CONFIG_INVALID",
    );
    expect((await failureOf(promoteModel(models, options("1", { settings, force: true, reason: " " })))).code).toBe(
      "CONFIG_INVALID",
    );
    const forced = await promoteModel(models, options("1", { settings, force: true, reason: "a demo" }));
    expect(forced).toMatchObject({ outcome: "promoted", forced: true });
    const [move] = (await modelHistory(models, name)).aliases[0]!.moves;
    expect(move).toMatchObject({ forced: true, reason: "a demo" });
  });

  it("runs the gates alone where that is asked for", async () => {
    const models = await registeredModels();
    await models.register(name);
    expect(await promoteModel(models, options("1", { checksOnly: true }))).toMatchObject({ outcome: "checked" });
    expect(await models.registry.resolveAlias(name, "champion")).toBeUndefined();
    expect(await modelHistory(models, name)).toEqual({ name, aliases: [] });
  });

  it("tells other classes, and data that is not there", async () => {
    const models = await registeredModels();
    await models.register(name);
    await models.register(name, { labels: ["blue", "green"] });
    await promoteModel(models, options("1"));
    const other = await failureOf(promoteModel(models, options("2")));
    expect(other.received).toBe("labels (without red, with green in addition)");
    await models.register(name, { seed: 9 });
    const blind = await failureOf(promoteModel(models, options("3")));
    expect(blind.received).toContain(
      "comparison (not measured: the pictures of the training are not at drawn samples)",
    );
    const missing = await failureOf(promoteModel(models, options("3", { settings: { data: "nowhere" } })));
    expect(missing.code).toBe("FILE_NOT_FOUND");
  });

  it("evaluates on the pictures of the training where they are still there", async () => {
    const models = await registeredModels();
    await models.register(name);
    const folder = temporaryFolder("training");
    await writePictureFolder(join(folder, "drawn samples"));
    const checked = await promoteModel(models, options("1", { folder, settings: { split: "all" }, checksOnly: true }));
    expect(checked.gates.find(({ gate }) => gate === "accuracy")?.reason).toMatch(/^[01]\.\d{4}; no limit is set$/);
  });

  it("times answers, and tries chosen pictures", async () => {
    const models = await registeredModels();
    await models.register(name);
    const settings = { smokeData: await pictures(3), maxLatencyMs: 10_000, minSmokeAccuracy: 0 };
    const { gates } = await promoteModel(models, options("1", { settings }));
    const [latency, smoke] = ["latency", "smoke"].map((key) => gates.find(({ gate }) => gate === key)!);
    expect([latency!.verdict, smoke!.verdict]).toEqual(["pass", "pass"]);
    expect(latency!.measured).toBeGreaterThan(0);
    expect(smoke!.reason).toMatch(/^\d of 6 pictures right/);
  });

  it.each([
    ["a model that is not there", { name: "birds" }, "MODEL_NOT_REGISTERED"],
    ["a version that is not there", { version: "9" }, "MODEL_VERSION_NOT_FOUND"],
    ["an alias that could be a version", { alias: "v3" }, "ALIAS_INVALID"],
    ["an option that does not exist", { minAccuracy: 1 }, "CONFIG_UNKNOWN_KEY"],
  ])("refuses %s", async (_what, given, code) => {
    const models = await registeredModels();
    await models.register(name);
    expect((await failureOf(promoteModel(models, { ...options("1"), ...given }))).code).toBe(code);
  });

  it("does not take a file that is not the one that was registered", async () => {
    const models = await registeredModels();
    const version = await models.register(name);
    const path = join(temporaryFolder("other"), "other.onnx");
    await writeFile(path, "no model");
    await models.store.writeArtifact({ modelId: version.modelId! }, "model.onnx", { file: path });
    const failure = await failureOf(promoteModel(models, options("1", { force: true, reason: "I want it" })));
    expect(["MODEL_CHANGED", "MODEL_UNREADABLE"]).toContain(failure.code);
    expect(await models.registry.resolveAlias(name, "champion")).toBeUndefined();
  });
});

describe("a rollback", () => {
  it("goes back one version at a time, over versions that others promoted", async () => {
    const models = await registeredModels();
    for (const seed of [1, 2, 3, 4]) await models.register(name, { seed });
    const settings = { labelsMayDiffer: true };
    for (const version of ["1", "2"]) {
      await promoteModel(models, options(version, { settings, force: true, reason: "test" }));
    }
    await models.registry.setAlias(name, "champion", "4");
    const back = { name, alias: "champion", mover, executor };
    const first = await rollbackModel(models, { ...back, reason: "too slow" });
    expect(first).toMatchObject({ outcome: "rolled back", from: "4", version: "2", number: 3 });
    expect(await rollbackModel(models, back)).toMatchObject({ from: "2", version: "1" });
    expect(await models.registry.resolveAlias(name, "champion")).toBe("1");
    expect((await failureOf(rollbackModel(models, back))).code).toBe("MODEL_VERSION_NOT_FOUND");
    const history = await modelHistory(models, name);
    expect(history.aliases[0]!.moves.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["promote", undefined, "1"],
      ["promote", "1", "2"],
      ["outside", "2", "4"],
      ["rollback", "4", "2"],
      ["rollback", "2", "1"],
    ]);
  });
});

describe("a process that ended in the middle of a move", () => {
  const dead: Claim = {
    id: "x",
    kind: "promote",
    from: "1",
    to: "2",
    atMs: Date.now() - 3_600_000,
    by: "bert@host",
    forced: false,
    gates: [],
  };

  async function claimed(claim: Claim) {
    const models = await registeredModels();
    for (const seed of [1, 2, 3]) await models.register(name, { seed });
    await promoteModel(models, options("1"));
    const { runId } = await modelHistory(models, name);
    await models.store.logBatch(runId!, { params: new Map([[claimKey("champion", 2), claimText(claim)]]) });
    return models;
  }
  const third = options("3", { force: true, reason: "test" });

  it("is shown, and the next move goes on behind it", async () => {
    const models = await claimed(dead);
    expect((await modelHistory(models, name)).aliases[0]!.moves.at(-1)).toMatchObject({ state: "claimed", to: "2" });
    expect(await promoteModel(models, third)).toMatchObject({ outcome: "promoted", from: "1", number: 3 });
    expect((await modelHistory(models, name)).aliases[0]!.moves.map((move) => "state" in move && move.state)).toEqual([
      "applied",
      "abandoned",
      "applied",
    ]);
  });

  it("has moved the alias where that is where it stands", async () => {
    const models = await claimed(dead);
    await models.registry.setAlias(name, "champion", "2");
    expect((await modelHistory(models, name)).aliases[0]!.moves.at(-1)).toMatchObject({ state: "applied", to: "2" });
    expect(await promoteModel(models, third)).toMatchObject({ from: "2", number: 3 });
  });

  it("is waited for where it may still be at work", async () => {
    const models = await claimed({ ...dead, atMs: Date.now() });
    const failure = await failureOf(promoteModel(models, third));
    expect(failure.code).toBe("PROMOTION_CONFLICT");
    expect(failure.received).toBe("a move to version 2 by bert@host, under way");
  });
});

describe("promotions at once", () => {
  it.each(["a folder", "a server"])(
    "have one winner in %s, and tell the others who it is",
    {
      timeout: 240_000,
    },
    async (place) => {
      const models = await registeredModels(place === "a folder" ? undefined : await serverAccess());
      for (const seed of [1, 2, 3, 4]) await models.register(name, { seed });
      const winners: string[] = [];
      for (let round = 1; round <= 3; round++) {
        const versions = ["1", "2", "3", "4"].filter((version) => version !== winners.at(-1)).slice(0, 3);
        const outcomes = await racePromotions(models.access, name, versions);
        const winner = versions.filter((_, at) => outcomes[at] === "promoted");
        expect(winner, outcomes.join("; ")).toHaveLength(1);
        winners.push(winner[0]!);
        const told = outcomes.filter((outcome) => outcome.startsWith("PROMOTION_CONFLICT"));
        expect(told, outcomes.join("; ")).toHaveLength(2);
        for (const text of told) {
          expect(text).toMatch(
            new RegExp(
              `got (version ${winner[0]}, promoted by .+ meanwhile|a move to version ${winner[0]} by .+, under way)`,
            ),
          );
        }
        expect(await models.registry.resolveAlias(name, "champion")).toBe(winner[0]);
      }
      const { moves } = (await modelHistory(models, name)).aliases[0]!;
      expect(moves.map(({ to }) => to)).toEqual(winners);
      expect(moves.map((move) => "state" in move && move.state)).toEqual(["applied", "applied", "applied"]);
    },
  );

  it.each(["a folder", "a server"])("make one history in %s, where there was none", async (place) => {
    const models = await registeredModels(place === "a folder" ? undefined : await serverAccess());
    await models.register(name);
    const rivals = await Promise.all(Array.from({ length: 6 }, () => modelsAt(models.access)));
    const runs = await Promise.all(rivals.map(({ registry, store }) => ensureHistory(registry, store, name)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    const { id } = (await models.store.findExperiment("pawprint-promotions"))!;
    expect((await models.store.searchRuns({ experimentIds: [id] })).runs).toHaveLength(1);
  });
});

describe("the history of a model", () => {
  it("is taken up again where someone deleted its run", async () => {
    const models = await registeredModels();
    for (const seed of [1, 2]) await models.register(name, { seed });
    await promoteModel(models, options("1"));
    const { runId } = await modelHistory(models, name);
    await models.store.deleteRun(runId!);
    expect(await promoteModel(models, options("2", { force: true, reason: "test" }))).toMatchObject({ number: 2 });
    expect((await models.store.getRun(runId!)).lifecycle).toBe("active");
  });

  it("begins anew where the model's tag leads nowhere", async () => {
    const models = await registeredModels();
    await models.register(name);
    await models.registry.setModelTag(name, historyRunTag, "0".repeat(32));
    expect(await promoteModel(models, options("1"))).toMatchObject({ number: 1 });
    expect((await modelHistory(models, name)).runId).not.toBe("0".repeat(32));
  });
});

describe("the lineage of a model", () => {
  it("goes from the alias to pictures, commit and data version, and names what is missing", async () => {
    const models = await registeredModels();
    const version = await models.register(name);
    await models.registry.setAlias(name, "champion", "1");
    const folder = temporaryFolder("lineage");
    await initRepository(folder, { noScm: true });
    await writeFile(join(folder, "drawn samples.dvc"), `outs:\n- md5: ${"1e".repeat(16)}.dir\n  path: drawn samples\n`);
    const graph = await modelLineage(models, `${name}@champion`, { folder });
    expect(graph.roots).toEqual([`alias ${name}@champion`]);
    const kinds = graph.nodes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(
      ["alias", "bundle", "commit", "data version", "pictures", "run", "run", "splits", "version"].sort(),
    );
    const trained = graph.nodes.find(({ id }) => id === "run run-7")!;
    expect(trained.missing).toMatch(/^not in /);
    const logged = graph.nodes.find(({ id }) => id === `run ${version.runId}`)!;
    expect(logged).toMatchObject({ facts: { name, status: "FINISHED" } });
    expect(graph.nodes.find(({ kind }) => kind === "data version")).toMatchObject({
      name: "drawn samples.dvc",
      facts: { md5: `${"1e".repeat(16)}.dir` },
    });
    const same = await modelLineage(models, `models:/${name}/1`, { folder });
    expect(same.roots).toEqual([`version ${name}/1`]);
  });

  it("of a file names the versions that it is", async () => {
    const models = await registeredModels();
    await models.register(name);
    const { bytes } = await models.readBundle(await models.registry.getVersion(name, "1"));
    const path = join(temporaryFolder("bundle"), "a.onnx");
    await writeFile(path, bytes);
    const graph = await modelLineage(models, path);
    expect(graph.nodes.filter(({ kind }) => kind === "version").map((node) => node.name)).toEqual([`${name}/1`]);
  });

  it("of a version whose file is gone shows the gap", async () => {
    const models = await registeredModels();
    const { registry } = models;
    await registry.ensureModel(name);
    await registry.createVersion(name, { source: `models:/m-${"0".repeat(32)}`, runId: "f".repeat(32) });
    const graph = await modelLineage(models, `${name}/1`);
    const missing = graph.nodes.filter((node) => node.missing !== undefined).map(({ kind }) => kind);
    expect(missing.sort()).toEqual(["bundle", "run"]);
  });

  it.each([
    ["cats@nobody", "MODEL_NOT_REGISTERED"],
    ["runs:/1/model", "MODEL_SOURCE_INVALID"],
    ["nowhere.onnx", "FILE_NOT_FOUND"],
    ["a/b/c", "FILE_NOT_FOUND"],
  ])("of %s is %s", async (model, code) => {
    const models = await registeredModels();
    expect((await failureOf(modelLineage(models, model))).code).toBe(code);
  });
});

async function serverAccess(): Promise<TrackingAccess> {
  const server = await startFakeMlflow();
  onTestFinished(() => server.stop());
  return { kind: "server", url: server.url, acceptsAnyCertificate: false, timeoutMs: 30_000, retries: 2 };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString("utf8");
}
