/** A bundle as the files of an MLflow model in the ONNX flavour, but the bundle itself. */
import { recipeSizeBytes } from "../../image/recipe.ts";
import { parityPicture } from "../bundle.ts";
import type { BundleFile } from "../bundle-file.ts";
import { yamlText } from "./yaml-text.ts";

/** The name of the bundle in a model folder, as MLflow itself names it. */
export const bundleFileName = "model.onnx";

/** The file that makes a folder an MLflow model. */
export const modelFileName = "MLmodel";

/** The MLflow whose form of model this is. */
const mlflowVersion = "3.17.2";

/** The first releases that know opset 20 and IR version 9, in which bundles are written. */
const onnxVersion = "1.15.0";
const requirements = ["mlflow>=2.9", `onnx>=${onnxVersion}`, "onnxruntime>=1.17"];

/** For environments that MLflow makes; any Python that has these packages runs the model. */
const pythonVersion = "3.11.7";

/** More labels than fit into this stand in the bundle alone, so that MLmodel stays short. */
const mostLabelCharacters = 65_536;

/** Numbers of an example picture; as text they take about four times as many bytes, twice. */
const mostExampleBytes = 32_768;

export interface ModelFilesOptions {
  /** 32 hexadecimal digits, or the logged model's id, as MLflow 3 has it. */
  readonly uuid: string;
  readonly runId: string;
  /** Of the logged model, where it is one. */
  readonly modelId?: string;
  /** Where the folder is: below its run, or the logged model's own place. */
  readonly artifactPath: string;
  readonly createdMs: number;
}

/** The texts of a model folder by name, `MLmodel` last. */
export function modelFiles(bundle: BundleFile, options: ModelFilesOptions): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const example = inputExample(bundle);
  if (example) {
    files.set("input_example.json", JSON.stringify(example));
    files.set("serving_input_example.json", JSON.stringify({ inputs: example }));
  }
  const sizeBytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), bundle.sizeBytes);
  files.set("requirements.txt", `${requirements.join("\n")}\n`);
  files.set(
    "conda.yaml",
    yamlText({
      name: "mlflow-env",
      channels: ["conda-forge"],
      dependencies: [`python=${pythonVersion}`, "pip", { pip: requirements }],
    }),
  );
  files.set(
    "python_env.yaml",
    yamlText({
      python: pythonVersion,
      build_dependencies: ["pip", "setuptools", "wheel"],
      dependencies: ["-r requirements.txt"],
    }),
  );
  files.set(modelFileName, mlmodelText(bundle, { ...options, sizeBytes, hasExample: example !== undefined }));
  return files;
}

function mlmodelText(
  { info, sha256 }: BundleFile,
  options: ModelFilesOptions & { readonly sizeBytes: number; readonly hasExample: boolean },
): string {
  const { labels, recipe, lineage, digest } = info;
  const answers = { dtype: "float32", shape: [-1, labels.length] };
  return yamlText({
    artifact_path: options.artifactPath,
    flavors: {
      onnx: {
        code: null,
        data: bundleFileName,
        onnx_session_options: null,
        onnx_version: onnxVersion,
        providers: ["CPUExecutionProvider"],
      },
      python_function: {
        data: bundleFileName,
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        loader_module: "mlflow.onnx",
        python_version: pythonVersion,
      },
    },
    is_signature_from_type_hint: false,
    metadata: {
      ...(JSON.stringify(labels).length <= mostLabelCharacters && { labels }),
      dataset_hash: lineage.datasetHash,
      training_run: lineage.runId,
      bundle_sha256: sha256,
      ...(digest !== undefined && { bundle_digest: digest }),
    },
    mlflow_version: mlflowVersion,
    ...(options.modelId !== undefined && { model_id: options.modelId }),
    model_size_bytes: options.sizeBytes,
    model_uuid: options.uuid,
    prompts: null,
    run_id: options.runId,
    ...(options.hasExample && {
      saved_input_example_info: {
        artifact_path: "input_example.json",
        serving_input_path: "serving_input_example.json",
        type: "ndarray",
      },
    }),
    signature: {
      inputs: tensors({ pictures: { dtype: "uint8", shape: [-1, recipe.height, recipe.width, recipe.channels] } }),
      outputs: tensors({ logits: answers, probabilities: answers }),
      params: null,
    },
    type_hint_from_example: false,
    utc_time_created: pythonTime(options.createdMs),
  });
}

/** MLflow keeps the parts of a signature as JSON in the YAML. */
function tensors(types: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>) {
  const entries = Object.entries(types);
  return JSON.stringify(entries.map(([name, type]) => ({ name, type: "tensor", "tensor-spec": type })));
}

/** As Python prints a time in UTC: `2026-11-28 08:35:53.548000`. */
function pythonTime(ms: number): string {
  return `${new Date(ms).toISOString().replace("T", " ").slice(0, -1)}000`;
}

/** The noise picture of the first parity example, `[1,H,W,C]` by input name; none where it would be long. */
function inputExample({ info }: BundleFile) {
  const { recipe, parity } = info;
  if (recipeSizeBytes(recipe) > mostExampleBytes) return undefined;
  const pixels = parityPicture(parity[0]?.seed ?? 0, recipe);
  const { height, width, channels } = recipe;
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * channels;
      return Array.from(pixels.subarray(at, at + channels));
    }),
  );
  return { pictures: [rows] };
}
