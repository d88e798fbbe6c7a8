/** Registered models between Pawprint and the real MLflow: its server, its folder store, its Python client. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { inspectBundle } from "../../src/bundle/bundle-file.ts";
import { parseModelAddress } from "../../src/registry/model-address.ts";
import type { ModelRegistry, ModelVersion } from "../../src/registry/model-registry.ts";
import { registerBundle } from "../../src/registry/register-bundle.ts";
import { resolveBundle } from "../../src/registry/resolve-bundle.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import { type TrackingAccess, trackingAccess } from "../../src/tracking/tracking-access.ts";
import { openModelRegistry, openRunStore } from "../../src/wire/tracking.ts";
import { contractModelNames, describeModelRegistry } from "../contracts/model-registry.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { petModel } from "../support/running-service.ts";
import { sharedMlflow } from "../support/shared-mlflow.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const notes: string[] = [];
const python = await findPeerPython(["mlflow", "onnx", "onnxruntime"], (text) => notes.push(text));
if (python === undefined) process.stderr.write(`skipped: ${notes.join("; ")}\n`);
const folder = temporaryFolder("mlflow-registry");
const server = python === undefined ? undefined : await sharedMlflow();

const accessTo = (uri: string): TrackingAccess => trackingAccess({ trackingUri: uri }, {}, (path) => path);

/** Runs Python with a client of MLflow `c`, the place `uri` and `arg`; gives what it prints as JSON. */
async function ask(uri: string, code: string, arg: unknown = null): Promise<unknown> {
  const script = join(folder, `ask-${Math.random()}.py`);
  const head = `
import json, sys, mlflow
uri, arg = sys.argv[1], json.loads(sys.argv[2])
mlflow.set_tracking_uri(uri); mlflow.set_registry_uri(uri)
c = mlflow.MlflowClient()
def version(v): return dict(name=v.name, version=str(v.version), description=v.description or "", source=v.source, runId=v.run_id, tags=dict(v.tags), aliases=sorted(v.aliases))
def model(m): return dict(name=m.name, description=m.description or "", tags=dict(m.tags), aliases={k: str(v) for k, v in m.aliases.items()})
`;
  await writeFile(script, `${head}${code}`);
  const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: "true" };
  const options = { cwd: folder, env, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(python!, [script, uri, JSON.stringify(arg)], options);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const plain = ({ name, version, description, source, runId, tags, aliases }: ModelVersion) => ({
  name,
  version,
  description,
  source,
  runId,
  tags: Object.fromEntries(tags),
  aliases: [...aliases],
});

const texts = ["größer 🐕", "null", "1e5", "zwei\nZeilen", "a: b # c 'd' \"e\""];

async function at<T>(
  uri: string,
  work: (place: { registry: ModelRegistry; store: RunStore }) => Promise<T>,
): Promise<T> {
  const registry = await openModelRegistry(accessTo(uri));
  const store = await openRunStore(accessTo(uri));
  try {
    return await work({ registry, store });
  } finally {
    await registry.close();
    await store.close();
  }
}

describe.skipIf(python === undefined)("registered models", () => {
  const places = [
    ["server", server ?? ""],
    ["folder", join(folder, "runs")],
  ] as const;

  it.each(places)("of ours are read by MLflow value for value, and loaded (%s)", async (place, uri) => {
    const name = `ours ${place}`;
    const path = join(folder, `${place}.onnx`);
    await writeUntrainedBundle(petModel, path);
    const file = await inspectBundle(path);
    const ours = await at(uri, async ({ registry, store }) => {
      for (const [index, text] of texts.entries()) {
        const options = {
          name,
          model: file,
          description: text,
          tags: new Map([[`k/${index}`, text]]),
          mover: { by: "tester@host" },
          now: Date.now,
        };
        await registerBundle({ registry, store }, { ...options, force: true });
      }
      await registry.describeModel(name, texts.join(" "));
      await registry.setModelTag(name, "of.model", texts[4]!);
      await registry.setAlias(name, "champion", "2");
      await registry.setAlias(name, "challenger", "5");
      return (await registry.listVersions(name)).map(plain);
    });
    const theirs = await ask(
      uri,
      `
vs = [version(c.get_model_version(arg, str(n))) for n in (5, 4, 3, 2, 1)]
import mlflow.onnx
loaded = mlflow.onnx.load_model(f"models:/{arg}@champion")
print(json.dumps(dict(model=model(c.get_registered_model(arg)), versions=vs, found=len(c.search_model_versions(f"name='{arg}'")), graph=[i.name for i in loaded.graph.input])))`,
      name,
    );
    expect(theirs).toEqual({
      model: {
        name,
        description: texts.join(" "),
        tags: { "of.model": texts[4] },
        aliases: { champion: "2", challenger: "5" },
      },
      versions: ours,
      found: 5,
      graph: ["pictures"],
    });
  });

  it.each(places)("of MLflow's are read by us, and resolved (%s)", async (place, uri) => {
    const name = `theirs ${place}`;
    const path = join(folder, `${place}-theirs.onnx`);
    await writeUntrainedBundle({ ...petModel, seed: 9 }, path);
    const theirs = await ask(
      uri,
      `
import mlflow.onnx, onnx
c.create_registered_model(arg["name"], tags={"t": "1"}, description=arg["texts"][0])
with mlflow.start_run() as run:
    info = mlflow.onnx.log_model(onnx.load(arg["path"]), name="model")
for n, text in enumerate(arg["texts"]):
    source = info.model_uri if n % 2 else f"runs:/{run.info.run_id}/model"
    kw = dict(model_id=info.model_id) if n % 2 else {}
    v = c.create_model_version(arg["name"], source, run.info.run_id, tags={"a/b": text}, description=text, **kw)
c.set_registered_model_alias(arg["name"], "champion", "2")
c.delete_model_version(arg["name"], "4")
print(json.dumps([version(c.get_model_version(arg["name"], n)) for n in ("5", "3", "2", "1")]))`,
      { name, texts, path },
    );
    await at(uri, async ({ registry, store }) => {
      expect((await registry.listVersions(name)).map(plain)).toEqual(theirs);
      expect(await registry.findModel(name)).toMatchObject({
        description: texts[0],
        tags: new Map([["t", "1"]]),
        aliases: new Map([["champion", "2"]]),
      });
      const stores = { registry: async () => registry, runs: async () => store };
      const digest = (await inspectBundle(path)).info.digest;
      for (const address of [`models:/${name}@champion`, `models:/${name}/1`]) {
        const { bytes } = await resolveBundle(parseModelAddress(address), stores);
        expect((await inspectBundle({ bytes })).info.digest).toBe(digest);
      }
      expect((await registry.createVersion(name, { source: "s3://bucket/model" })).version).toBe("6");
    });
  });
});

if (server !== undefined) {
  describeModelRegistry("a real MLflow server", async () => {
    const open = () => openModelRegistry(accessTo(server));
    const removeAll = async (): Promise<void> => {
      const registry = await open();
      for (const { name } of await registry.listModels()) {
        if (!contractModelNames.has(name)) continue;
        await fetch(`${server}/api/2.0/mlflow/registered-models/delete`, {
          method: "DELETE",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name }),
        });
      }
      await registry.close();
    };
    await removeAll();
    return { registry: await open(), again: open, remove: removeAll };
  });
}
