/** What every model registry must do; each adapter's test runs this suite. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelRegistry } from "../../src/registry/model-registry.ts";
import { failureOf } from "../support/failure-of.ts";

export interface OpenedRegistry {
  readonly registry: ModelRegistry;
  /** The same place, as another process opens it. */
  again(): Promise<ModelRegistry>;
  remove?(): Promise<void>;
}

const hostileNames = ["", " ", "..", ".", "../x", "a/b", "/a", "a:b", "a\0b", "a\nb", "x".repeat(257)];
const awkwardNames = ["cats-dogs", "Hund & Katze", "größer 🐕", "e1", "null", "1e34", "x..y", "true"];
/** All that the suite makes, or tries to: a server may hold other models, too. */
export const contractModelNames: ReadonlySet<string> = new Set(["birds", ...awkwardNames, ...hostileNames]);
const hostileAliases = ["", "latest", "LATEST", "v3", "V12", "a b", "a/b", "../x", "a\n", "x".repeat(256)];
const hostileKeys = ["", "../x", "a/../b", "/x", "a//b", "a/", ".", "loss?", "a\nb", "k".repeat(251)];
const awkwardTexts = [
  "",
  "null",
  "~",
  "1",
  "1e5",
  "yes",
  "a: b # c",
  "zwei\nZeilen\n",
  "größer 🐕 \u2028 \u0085",
  '"',
  "'x'",
  " a ",
];

export function describeModelRegistry(name: string, open: () => Promise<OpenedRegistry>): void {
  describe(`${name} as a model registry`, () => {
    let opened: OpenedRegistry;
    let registry: ModelRegistry;
    beforeEach(async () => {
      opened = await open();
      registry = opened.registry;
    });
    afterEach(async () => {
      await registry.close();
      await opened.remove?.();
    });

    const source = "runs:/3f8ef1c08ac94412b2b0a3033bb11b13/model";
    const runId = "3f8ef1c08ac94412b2b0a3033bb11b13";
    const codeOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).code;
    /** Of the suite's models that are there. */
    const names = async (): Promise<string[]> =>
      (await registry.listModels()).flatMap((model) => (contractModelNames.has(model.name) ? [model.name] : []));
    /** A model with so many versions. */
    const make = async (model: string, versions = 1): Promise<void> => {
      await registry.ensureModel(model);
      for (let made = 0; made < versions; made++) await registry.createVersion(model, { source, runId });
    };

    it("makes a model once, and lists models by name", async () => {
      expect(await names()).toEqual([]);
      expect(await registry.findModel("cats-dogs")).toBeUndefined();
      const first = await registry.ensureModel("cats-dogs");
      const { model, created } = await registry.ensureModel("cats-dogs");
      expect([first.created, created]).toEqual([true, false]);
      expect(model).toEqual(first.model);
      expect(model).toMatchObject({ name: "cats-dogs", description: "", createdMs: expect.any(Number) });
      expect(Math.abs(model.createdMs - Date.now())).toBeLessThan(60_000);
      await registry.ensureModel("birds");
      expect(await names()).toEqual(["birds", "cats-dogs"]);
    });

    it("takes awkward names, and gives them back", async () => {
      for (const model of awkwardNames) {
        await make(model);
        await registry.setAlias(model, "champion", "1");
        expect(await registry.getVersion(model, "1")).toMatchObject({ name: model, aliases: ["champion"] });
      }
      expect(new Set(await names())).toEqual(new Set(awkwardNames));
    });

    it("refuses names outside MLflow's rules in every call", async () => {
      for (const model of hostileNames) {
        expect(await codeOf(registry.ensureModel(model))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.findModel(model))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.createVersion(model, { source }))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.setAlias(model, "champion", "1"))).toBe("TRACKING_VALUE_INVALID");
      }
      expect(await names()).toEqual([]);
    });

    it("counts versions up, the newest first", async () => {
      await make("cats-dogs", 11);
      const versions = await registry.listVersions("cats-dogs");
      expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 11 }, (_, at) => String(11 - at)));
      expect(versions[0]).toEqual(await registry.getVersion("cats-dogs", "11"));
      expect(versions[0]).toMatchObject({ name: "cats-dogs", source, runId, description: "", aliases: [] });
    });

    it("gives a version its description and tags at once", async () => {
      await registry.ensureModel("cats-dogs");
      const tags = new Map([
        ["pawprint.sha256", "0".repeat(64)],
        ["team/owner", "pets: a & b"],
      ]);
      const made = await registry.createVersion("cats-dogs", { source, runId, description: "the first", tags });
      expect(made).toMatchObject({ version: "1", description: "the first", source, runId });
      expect(made.tags).toEqual(tags);
      expect(await registry.getVersion("cats-dogs", "1")).toEqual(made);
    });

    it("gives numbers once to processes that register at once", async () => {
      const others = await Promise.all([opened.again(), opened.again()]);
      const all = [registry, ...others];
      const ensured = await Promise.all(all.map((one) => one.ensureModel("cats-dogs")));
      expect(ensured.filter(({ created }) => created)).toHaveLength(1);
      const made = await Promise.all(
        Array.from({ length: 9 }, (_, at) => all[at % all.length]!.createVersion("cats-dogs", { source, runId })),
      );
      const numbers = made.map(({ version }) => Number(version)).sort((left, right) => left - right);
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await Promise.all(others.map((other) => other.close()));
    });

    it("moves and deletes aliases", async () => {
      await make("cats-dogs", 3);
      expect(await registry.resolveAlias("cats-dogs", "champion")).toBeUndefined();
      await registry.setAlias("cats-dogs", "champion", "1");
      await registry.setAlias("cats-dogs", "challenger", "1");
      await registry.setAlias("cats-dogs", "champion", "3");
      expect(await registry.resolveAlias("cats-dogs", "champion")).toBe("3");
      const model = await registry.findModel("cats-dogs");
      expect(model?.aliases).toEqual(
        new Map([
          ["challenger", "1"],
          ["champion", "3"],
        ]),
      );
      expect((await registry.listVersions("cats-dogs")).map(({ aliases }) => aliases)).toEqual([
        ["champion"],
        [],
        ["challenger"],
      ]);
      await registry.deleteAlias("cats-dogs", "champion");
      await registry.deleteAlias("cats-dogs", "champion");
      expect(await registry.resolveAlias("cats-dogs", "champion")).toBeUndefined();
      expect((await registry.getVersion("cats-dogs", "3")).aliases).toEqual([]);
    });

    it("refuses aliases outside MLflow's rules", async () => {
      await make("cats-dogs");
      for (const alias of hostileAliases) {
        expect(await codeOf(registry.setAlias("cats-dogs", alias, "1"))).toBe("ALIAS_INVALID");
        expect(await codeOf(registry.resolveAlias("cats-dogs", alias))).toBe("ALIAS_INVALID");
        expect(await codeOf(registry.deleteAlias("cats-dogs", alias))).toBe("ALIAS_INVALID");
      }
      for (const alias of ["Champion", "v", "v3a", "latest2", "größer", "-", "x".repeat(100)]) {
        await registry.setAlias("cats-dogs", alias, "1");
        expect(await registry.resolveAlias("cats-dogs", alias)).toBe("1");
      }
    });

    it("says which model or version is not there", async () => {
      const calls = [
        () => registry.listVersions("cats-dogs"),
        () => registry.getVersion("cats-dogs", "1"),
        () => registry.createVersion("cats-dogs", { source, runId }),
        () => registry.setAlias("cats-dogs", "champion", "1"),
        () => registry.resolveAlias("cats-dogs", "champion"),
        () => registry.describeModel("cats-dogs", "x"),
        () => registry.setModelTag("cats-dogs", "k", "v"),
      ];
      for (const call of calls) expect(await codeOf(call())).toBe("MODEL_NOT_REGISTERED");
      await make("cats-dogs");
      for (const version of ["2", "0", "-1", "1.0", "x", "", "../version-1", "9".repeat(30)]) {
        expect(await codeOf(registry.getVersion("cats-dogs", version))).toBe("MODEL_VERSION_NOT_FOUND");
        expect(await codeOf(registry.setAlias("cats-dogs", "champion", version))).toBe("MODEL_VERSION_NOT_FOUND");
        expect(await codeOf(registry.setVersionTag("cats-dogs", version, "k", "v"))).toBe("MODEL_VERSION_NOT_FOUND");
      }
      expect(await registry.resolveAlias("cats-dogs", "champion")).toBeUndefined();
    });

    it("keeps descriptions and tags as they are, whatever they hold", async () => {
      await make("cats-dogs");
      for (const [at, text] of awkwardTexts.entries()) {
        await registry.describeModel("cats-dogs", text);
        await registry.describeVersion("cats-dogs", "1", text);
        await registry.setModelTag("cats-dogs", "of.model", text);
        await registry.setVersionTag("cats-dogs", "1", `group/k ${at}`, text);
        const model = await registry.findModel("cats-dogs");
        const version = await registry.getVersion("cats-dogs", "1");
        expect([model?.description, version.description]).toEqual([text, text]);
        expect([model?.tags.get("of.model"), version.tags.get(`group/k ${at}`)]).toEqual([text, text]);
      }
      await registry.deleteModelTag("cats-dogs", "of.model");
      await registry.deleteVersionTag("cats-dogs", "1", "group/k 0");
      expect((await registry.findModel("cats-dogs"))?.tags.size).toBe(0);
      expect((await registry.getVersion("cats-dogs", "1")).tags.size).toBe(awkwardTexts.length - 1);
      expect((await registry.getVersion("cats-dogs", "1")).source).toBe(source);
    });

    it("refuses tags outside MLflow's rules", async () => {
      await make("cats-dogs");
      for (const key of hostileKeys) {
        expect(await codeOf(registry.setVersionTag("cats-dogs", "1", key, "v"))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.setModelTag("cats-dogs", key, "v"))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.deleteVersionTag("cats-dogs", "1", key))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.createVersion("cats-dogs", { source, runId, tags: new Map([[key, "v"]]) }))).toBe(
          "TRACKING_VALUE_INVALID",
        );
      }
      const long = "x".repeat(100_001);
      expect(await codeOf(registry.setVersionTag("cats-dogs", "1", "k", long))).toBe("TRACKING_VALUE_INVALID");
      for (const text of ["x".repeat(5001), "a\0b", "half of \ud83d"]) {
        expect(await codeOf(registry.describeModel("cats-dogs", text))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.describeVersion("cats-dogs", "1", text))).toBe("TRACKING_VALUE_INVALID");
        expect(await codeOf(registry.createVersion("cats-dogs", { source, runId, description: text }))).toBe(
          "TRACKING_VALUE_INVALID",
        );
      }
      expect(await registry.listVersions("cats-dogs")).toHaveLength(1);
    });

    it("is what another process sees", async () => {
      await make("cats-dogs", 2);
      await registry.setAlias("cats-dogs", "champion", "2");
      const other = await opened.again();
      expect(await other.listVersions("cats-dogs")).toEqual(await registry.listVersions("cats-dogs"));
      await other.setAlias("cats-dogs", "champion", "1");
      expect(await registry.resolveAlias("cats-dogs", "champion")).toBe("1");
      await other.close();
    });
  });
}
