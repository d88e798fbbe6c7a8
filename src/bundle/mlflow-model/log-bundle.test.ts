import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { tinyExecutor, tinyModel, tinyReference } from "../../../tests/support/tiny-bundle.ts";
import { AppError } from "../../base/errors.ts";
import type { LoggedModel, Run } from "../../tracking/run.ts";
import { type BundleFile, inspectBundle } from "../bundle-file.ts";
import { exportBundle } from "../export-bundle.ts";
import { logBundle, type ModelStore } from "./log-bundle.ts";

const folder = temporaryFolder("log-bundle");
let bundle: BundleFile;
let other: BundleFile;

const write = async (name: string, labels?: string[]): Promise<BundleFile> => {
  const model = tinyModel(labels);
  const path = join(folder, name);
  return exportBundle({ ...model, path, executor: tinyExecutor, reference: await tinyReference(model) });
};

beforeAll(async () => {
  bundle = await write("cats.onnx");
  other = await write("birds.onnx", ["jay", "owl"]);
});

const runId = "a".repeat(32);

/** One run in memory, and what is logged of it. */
class OneRun implements ModelStore {
  readonly models = new Map<string, LoggedModel>();
  readonly tags = new Map<string, string>();
  readonly files = new Map<string, Uint8Array>();
  readonly loggedModels: boolean;
  /** The write of this file fails. */
  broken = "";

  constructor({ loggedModels = true } = {}) {
    this.loggedModels = loggedModels;
  }

  async getRun(id: string): Promise<Run> {
    return {
      id,
      experimentId: "7",
      name: "quiet-fox",
      status: "RUNNING",
      lifecycle: "active",
      startedMs: 0,
      user: "ada",
      artifactUri: "file:///runs/7",
      params: new Map([["epochs", "3"]]),
      metrics: new Map(),
      tags: this.tags,
      inputs: [],
      modelIds: [...this.models.keys()],
    };
  }

  async createModel(model: Parameters<ModelStore["createModel"]>[0]): Promise<LoggedModel> {
    if (!this.loggedModels) throw new AppError("TRACKING_UNSUPPORTED", { required: "logged models" });
    const id = `m-${String(this.models.size + 1).padStart(32, "0")}`;
    const made = {
      tags: new Map(),
      params: new Map(),
      metrics: [],
      ...model,
      id,
      status: "PENDING",
      createdMs: Date.UTC(2026, 10, 28, 8, 35, 53, 548),
      artifactUri: `mlflow-artifacts:/7/models/${id}/artifacts`,
    } as const;
    this.models.set(id, made);
    return made;
  }

  async getModel(id: string): Promise<LoggedModel> {
    return this.models.get(id)!;
  }

  async finishModel(id: string, status: "READY" | "FAILED"): Promise<void> {
    this.models.set(id, { ...this.models.get(id)!, status });
  }

  async writeArtifact(...[owner, path, content]: Parameters<ModelStore["writeArtifact"]>): Promise<void> {
    if (path === this.broken) throw new AppError("TRACKING_UNAVAILABLE", { required: "a server that answers" });
    if ("file" in content) throw new Error("bytes are written here");
    this.files.set(`${"modelId" in owner ? owner.modelId : owner.runId}/${path}`, content);
  }

  async logBatch(_: string, { tags }: Parameters<ModelStore["logBatch"]>[1]): Promise<void> {
    for (const [key, value] of tags ?? []) this.tags.set(key, value);
  }

  text(path: string): string {
    return Buffer.from(this.files.get(path)!).toString();
  }
}

describe("a bundle that is logged", () => {
  it("is a logged model in the ONNX flavour, with all files, that is ready", async () => {
    const store = new OneRun();
    const model = await logBundle(store, { id: runId }, bundle);
    expect(model).toMatchObject({ name: "model", status: "READY", runId, experimentId: "7" });
    expect(model!.params).toEqual(new Map([["epochs", "3"]]));
    expect(Object.fromEntries(model!.tags)).toEqual({
      "pawprint.sha256": bundle.sha256,
      "pawprint.digest": bundle.info.digest,
    });
    const { id } = model!;
    expect([...store.files.keys()].map((path) => path.slice(id.length + 1))).toEqual([
      "model.onnx",
      "input_example.json",
      "serving_input_example.json",
      "requirements.txt",
      "conda.yaml",
      "python_env.yaml",
      "MLmodel",
    ]);
    await writeFile(join(folder, "logged.onnx"), store.files.get(`${id}/model.onnx`)!);
    expect((await inspectBundle(join(folder, "logged.onnx"))).sha256).toBe(bundle.sha256);
    const mlmodel = parse(store.text(`${id}/MLmodel`));
    expect(mlmodel).toMatchObject({
      model_id: id,
      model_uuid: id,
      run_id: runId,
      utc_time_created: "2026-11-28 08:35:53.548000",
      flavors: { onnx: { data: "model.onnx" }, python_function: { loader_module: "mlflow.onnx" } },
      metadata: {
        labels: ["cat", "dog", "fox"],
        dataset_hash: "d".repeat(64),
        training_run: "run-1",
        bundle_sha256: bundle.sha256,
        bundle_digest: bundle.info.digest,
      },
    });
    expect(JSON.parse(mlmodel.signature.inputs)).toEqual([
      { name: "pictures", type: "tensor", "tensor-spec": { dtype: "uint8", shape: [-1, 4, 6, 3] } },
    ]);
    expect(JSON.parse(mlmodel.signature.outputs)).toEqual(
      ["logits", "probabilities"].map((name) => ({
        name,
        type: "tensor",
        "tensor-spec": { dtype: "float32", shape: [-1, 3] },
      })),
    );
    const example = JSON.parse(store.text(`${id}/input_example.json`));
    expect([example.pictures.length, example.pictures[0].length, example.pictures[0][0].length]).toEqual([1, 4, 6]);
    expect(JSON.parse(store.text(`${id}/serving_input_example.json`))).toEqual({ inputs: example });
  });

  it("is logged once, another one beside it", async () => {
    const store = new OneRun();
    const first = await logBundle(store, { id: runId }, bundle);
    expect(await logBundle(store, { id: runId }, bundle)).toEqual(first);
    await logBundle(store, { id: runId }, other);
    expect(await logBundle(store, { id: runId }, bundle)).toEqual(first);
    expect(store.models.size).toBe(2);
  });

  it("is finished where its logging was cut off, and begun anew where it failed", async () => {
    const store = new OneRun();
    store.broken = "MLmodel";
    await expect(logBundle(store, { id: runId }, bundle)).rejects.toMatchObject({ code: "TRACKING_UNAVAILABLE" });
    const [id] = store.models.keys();
    expect(store.models.get(id!)!.status).toBe("FAILED");
    store.broken = "";
    const second = await logBundle(store, { id: runId }, bundle);
    expect(second).toMatchObject({ status: "READY" });
    expect(second!.id).not.toBe(id);

    store.models.set(second!.id, { ...second!, status: "PENDING" });
    expect(await logBundle(store, { id: runId }, bundle)).toEqual(second);
    expect(store.models.size).toBe(2);
  });

  it("is refused where its file is another by now", async () => {
    const store = new OneRun();
    const changed = { ...bundle, path: other.path };
    await expect(logBundle(store, { id: runId }, changed)).rejects.toThrow(
      "Expected the bundle that was to be logged; got a file that was changed since",
    );
    expect(store.models.size).toBe(0);
  });
});

describe("a bundle that is logged to a server without logged models", () => {
  it("is below the run, and in MLflow 2's list of its models, once", async () => {
    const store = new OneRun({ loggedModels: false });
    store.tags.set("mlflow.log-model.history", JSON.stringify([{ artifact_path: "older" }]));
    for (let time = 0; time < 2; time++) expect(await logBundle(store, { id: runId }, bundle)).toBeUndefined();
    const mlmodel = parse(store.text(`${runId}/model/MLmodel`));
    expect(mlmodel).toMatchObject({ artifact_path: "model", run_id: runId });
    expect(mlmodel).not.toHaveProperty("model_id");
    expect(mlmodel.model_uuid).toMatch(/^[0-9a-f]{32}$/);
    expect(store.files.has(`${runId}/model/model.onnx`)).toBe(true);
    const { artifact_path, flavors, model_uuid, run_id, utc_time_created } = mlmodel;
    expect(JSON.parse(store.tags.get("mlflow.log-model.history")!)).toEqual([
      { artifact_path: "older" },
      { artifact_path, flavors, model_uuid, run_id, utc_time_created },
    ]);
  });

  it("keeps the list within a tag's length, and begins it anew where it is damaged", async () => {
    for (const given of [JSON.stringify([{ artifact_path: "x".repeat(7900) }]), '[{"artifact_path":', "{}"]) {
      const store = new OneRun({ loggedModels: false });
      store.tags.set("mlflow.log-model.history", given);
      await logBundle(store, { id: runId }, bundle);
      const list = JSON.parse(store.tags.get("mlflow.log-model.history")!);
      expect(list).toHaveLength(1);
      expect(list[0].artifact_path).toBe("model");
    }
  });
});
