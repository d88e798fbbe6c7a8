/** A bundle as an MLflow model: read, served and logged by Python's mlflow. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parityPicture, parseBundle } from "../../src/bundle/bundle.ts";
import { type BundleFile, inspectBundle } from "../../src/bundle/bundle-file.ts";
import { loadBundle } from "../../src/bundle/load-bundle.ts";
import { modelFiles } from "../../src/bundle/mlflow-model/model-files.ts";
import { readModelBundle } from "../../src/bundle/mlflow-model/read-model.ts";
import { parityTolerance } from "../../src/bundle/parity.ts";
import { externalFilesOf } from "../../src/graph/onnx/external-data.ts";
import { parseModel } from "../../src/graph/onnx/metadata.ts";
import { createOnnxRuntimeExecutor } from "../../src/runtime/onnx-runtime.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const notes: string[] = [];
const peers = ["mlflow", "onnx", "onnxruntime", "numpy", "fastapi", "uvicorn"];
const python = await findPeerPython(peers, (text) => notes.push(text));
if (!python) process.stderr.write(`skipped: ${notes.join("; ")}\n`);

const folder = temporaryFolder("mlflow-model");
const modelFolder = join(folder, "model");
/** Texts that YAML 1.1, JSON and terminals read in ways of their own. */
const labels = ["no", "1e34", "2026-01-02", "\u2028 \u0085 \u007f", "größer 🦊", `"a": 'b' # c`, "~", "<b>"];
let bundle: BundleFile;

/** One call of Python; the script prints JSON. */
function run(script: string, ...args: string[]): unknown {
  const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: "true", PYTHONWARNINGS: "ignore" };
  const out = execFileSync(python!, ["-c", script, ...args], {
    encoding: "utf8",
    cwd: folder,
    env,
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(out.slice(out.indexOf("{")));
}

beforeAll(async () => {
  const path = join(folder, "written.onnx");
  const recipe = { width: 12, height: 10, channels: 3, fit: "cover", kernel: "lanczos3" } as const;
  await writeUntrainedBundle({ labels, recipe, widths: [8, 16] }, path);
  bundle = await inspectBundle(path);
  await mkdir(modelFolder);
  await copyFile(path, join(modelFolder, "model.onnx"));
  const ids = { uuid: "b".repeat(32), runId: "1e34".repeat(8), artifactPath: "model", createdMs: Date.now() };
  for (const [name, text] of modelFiles(bundle, ids)) await writeFile(join(modelFolder, name), text);
});

/** What the bundle must answer to its noise pictures. */
const expected = () => bundle.info.parity.map(({ probabilities }) => probabilities);

function expectParity(received: readonly (readonly number[])[]): void {
  expect(received).toHaveLength(expected().length);
  for (const [row, probabilities] of expected().entries())
    for (const [column, value] of probabilities.entries())
      expect(Math.abs(received[row]![column]! - value)).toBeLessThan(parityTolerance);
}

/** `[N,H,W,C]` as nested lists. */
function noise(): number[][][][] {
  const { recipe, parity } = bundle.info;
  return parity.map(({ seed }) => {
    const pixels = Array.from(parityPicture(seed, recipe));
    const rows = (items: unknown[], size: number) =>
      Array.from({ length: items.length / size }, (_, at) => items.slice(at * size, (at + 1) * size));
    return rows(rows(pixels, recipe.channels), recipe.width) as number[][][];
  });
}

const loading = `
import json, sys, warnings, logging
warnings.filterwarnings("ignore"); logging.disable(logging.WARNING)
import mlflow, numpy, onnx
folder, pictures = sys.argv[1], numpy.array(json.load(open(sys.argv[2])), dtype=numpy.uint8)
meta = mlflow.models.Model.load(folder)
model = mlflow.pyfunc.load_model(folder)
def refusal(value):
    try: model.predict(value); return None
    except Exception as error: return type(error).__name__ + ": " + str(error)
example = meta.load_input_example(folder)
print(json.dumps({
  "probabilities": model.predict({"pictures": pictures})["probabilities"].tolist(),
  "onnx": {prop.key: len(prop.value) for prop in mlflow.onnx.load_model(folder).metadata_props},
  "metadata": meta.metadata, "run": meta.run_id, "uuid": meta.model_uuid, "size": meta.model_size_bytes,
  "created": meta.utc_time_created,
  "inputs": meta.signature.inputs.to_dict(), "outputs": meta.signature.outputs.to_dict(),
  "example": {name: [str(value.dtype), list(value.shape)] for name, value in example.items()},
  "answer": model.predict(example)["probabilities"].tolist(),
  "refusals": [refusal({"pictures": pictures.astype(numpy.float32) + 0.5}), refusal({"pictures": pictures[:, 1:]}), refusal({"images": pictures})],
}))
`;

describe.skipIf(!python)("a bundle that was logged", () => {
  it("is a model of mlflow's ONNX flavour, with the bundle's answers, metadata and example", async () => {
    await writeFile(join(folder, "noise.json"), JSON.stringify(noise()));
    const seen = run(loading, modelFolder, join(folder, "noise.json")) as Record<string, never> & {
      readonly probabilities: number[][];
      readonly answer: number[][];
      readonly refusals: string[];
    };
    expectParity(seen.probabilities);
    expect(seen.onnx).toHaveProperty(["pawprint.labels"]);
    expect(seen.metadata).toEqual({
      labels,
      dataset_hash: bundle.info.lineage.datasetHash,
      training_run: "run-7",
      bundle_sha256: bundle.sha256,
      bundle_digest: bundle.info.digest,
    });
    expect(seen.run).toBe("1e34".repeat(8));
    expect(seen.uuid).toBe("b".repeat(32));
    expect(seen.created).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    expect(seen.inputs).toEqual([
      { name: "pictures", type: "tensor", "tensor-spec": { dtype: "uint8", shape: [-1, 10, 12, 3] } },
    ]);
    expect(seen.example).toEqual({ pictures: ["uint8", [1, 10, 12, 3]] });
    for (const [column, value] of expected()[0]!.entries())
      expect(Math.abs(seen.answer[0]![column]! - value)).toBeLessThan(parityTolerance);
    for (const refusal of seen.refusals) expect(refusal).toMatch(/^MlflowException: /);
  });
});

/** A port of this machine that nothing uses. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on an address and a port
  server.close();
  await once(server, "close");
  return port;
}

describe.skipIf(!python)("mlflow models serve", () => {
  let served: ChildProcess | undefined;
  let address: string;

  beforeAll(async () => {
    address = `http://127.0.0.1:${await freePort()}`;
    const { port } = new URL(address);
    const args = ["-m", "mlflow", "models", "serve", "-m", modelFolder, "-h", "127.0.0.1", "-p", port];
    // The folder of the interpreter comes first: mlflow starts uvicorn by its name.
    const env = { ...process.env, PATH: `${dirname(python!)}:${process.env.PATH}`, PYTHONWARNINGS: "ignore" };
    served = spawn(python!, [...args, "--env-manager", "local"], { cwd: folder, env, stdio: "ignore", detached: true });
    for (let second = 0; second < 240; second++) {
      if (served.exitCode !== null) throw new Error(`mlflow models serve ended with ${served.exitCode}`);
      const answer = await fetch(`${address}/ping`).catch(() => undefined);
      if (answer?.ok) return;
      await setTimeout(1000);
    }
    throw new Error("mlflow models serve did not start");
  }, 250_000);

  afterAll(() => {
    // With the processes that it started.
    if (served?.pid !== undefined && served.exitCode === null) process.kill(-served.pid, "SIGKILL");
  });

  const post = async (body: unknown) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${address}/invocations`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { predictions: { probabilities: number[][] } } };
  };

  it("answers with the bundle's answers", async () => {
    const { status, body } = await post({ inputs: { pictures: noise() } });
    expect(status).toBe(200);
    expectParity(body.predictions.probabilities);
    const example = await readFile(join(modelFolder, "serving_input_example.json"), "utf8");
    expect((await post(JSON.parse(example))).body.predictions.probabilities).toHaveLength(1);
  });

  it("refuses what the signature does not allow", async () => {
    for (const inputs of [{ pictures: [[[[1, 2]]]] }, { images: noise() }, { pictures: [[["x"]]] }])
      expect((await post({ inputs })).status).toBe(400);
  });
});

const logging = `
import json, sys, warnings, logging
warnings.filterwarnings("ignore"); logging.disable(logging.WARNING)
import mlflow, onnx
mlflow.set_tracking_uri(sys.argv[2])
forms = {
    "whole": {"save_as_external_data": False},
    "usual": {},
    "apart": {"size_threshold": 0, "convert_attribute": True},
    "files": {"size_threshold": 0, "all_tensors_to_one_file": False},
}
out = {}
with mlflow.start_run():
    for name, options in forms.items():
        model = onnx.load(sys.argv[1])  # saving changes it
        info = mlflow.onnx.log_model(model, name=name, pip_requirements=["onnx"], **options)
        out[name] = mlflow.artifacts.download_artifacts(info.model_uri)
print(json.dumps(out))
`;

describe.skipIf(!python)("a bundle that Python logged", () => {
  it("is read back as the bundle it was, its weights in one file or in another", async () => {
    const made = run(logging, bundle.path, `file://${join(folder, "store")}`) as Record<string, string>;
    const counts: Record<string, number> = {};
    for (const [name, place] of Object.entries(made)) {
      const paths = (await readdir(place, { recursive: true })).filter((path) => !path.endsWith("metadata"));
      const list = paths.map(async (path) => {
        const { size } = await stat(join(place, path));
        return { path, isFolder: false, sizeBytes: size };
      });
      const bytes = await readModelBundle({
        where: name,
        list: () => Promise.all(list),
        read: (path) => createReadStream(join(place, path)),
      });
      const apart = externalFilesOf(await readFile(join(place, "model.onnx")), name);
      counts[name] = apart.length;
      expect(parseBundle(bytes, name)).toEqual(bundle.info);
      const loaded = await loadBundle({ bytes, where: name }, createOnnxRuntimeExecutor({ threads: 1 }));
      await loaded.close();
    }
    const weights = parseModel(await readFile(bundle.path), bundle.path).graph.initializer.length;
    expect(counts).toEqual({ whole: 0, usual: 1, apart: 1, files: weights });
  });
});
