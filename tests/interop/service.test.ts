/**
 * The service in the hands of other people's clients: Triton's, MLflow's, and a tester that knows
 * nothing but the OpenAPI document.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPeerPython } from "../support/peer-python.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";

const note = (text: string) => process.stderr.write(`${text}\n`);
const triton = await findPeerPython(["tritonclient[http]", "numpy"], note);
const mlflow = await findPeerPython(["mlflow", "onnx", "onnxruntime", "pandas"], note);
const schemathesis = await findPeerPython(["schemathesis"], note);
for (const [name, python] of Object.entries({ triton, mlflow, schemathesis })) {
  if (!python) note(`skipped: the tests with ${name}`);
}

let service: RunningService;
beforeAll(async () => {
  service = await startService(petModel);
});
afterAll(() => service.close());

const execute = promisify(execFile);

async function runPython(python: string | undefined, script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await execute(python!, ["-c", script, ...args], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const { width, height, channels } = petModel.recipe;
const shape = JSON.stringify([2, height, width, channels]);

const askTriton = `
import json, sys
import numpy
import tritonclient.http as triton
address, name, shape, picture = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
client = triton.InferenceServerClient(address)
answer = {
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model": client.is_model_ready(name),
    "server": client.get_server_metadata(), "metadata": client.get_model_metadata(name),
}
pixels = (numpy.arange(numpy.prod(shape)) * 37 % 256).astype(numpy.uint8).reshape(shape)
for form, binary in (("json", False), ("binary", True)):
    tensor = triton.InferInput("pictures", shape, "UINT8")
    tensor.set_data_from_numpy(pixels, binary_data=binary)
    outputs = [triton.InferRequestedOutput(output, binary_data=binary) for output in ("logits", "probabilities")]
    result = client.infer(name, [tensor], outputs=outputs, request_id="r-1")
    answer[form] = {"id": result.get_response()["id"], "probabilities": result.as_numpy("probabilities").tolist(),
        "logits": result.as_numpy("logits").tolist()}
file = numpy.array([open(picture, "rb").read()] * 2, dtype=object)
tensor = triton.InferInput("pictures", [2], "BYTES")
tensor.set_data_from_numpy(file)
answer["file"] = client.infer(name, [tensor]).as_numpy("probabilities").tolist()
for coding in ("gzip", "deflate"):
    packed = client.infer(name, [tensor], request_compression_algorithm=coding)
    answer[coding] = packed.as_numpy("probabilities").tolist()
for form, binary in (("classes", False), ("binaryClasses", True)):
    outputs = [triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)]
    rows = client.infer(name, [tensor], outputs=outputs).as_numpy("probabilities")
    answer[form] = [[text.decode() if isinstance(text, bytes) else text for text in row] for row in rows.tolist()]
answer["config"] = client.get_model_config(name)
answer["statistics"] = client.get_inference_statistics(name)
answer["allStatistics"] = client.get_inference_statistics()
answer["index"] = client.get_model_repository_index()
version = answer["metadata"]["versions"][0]
answer["versioned"] = [client.get_model_config(name, version), client.get_inference_statistics(name, version)]
for key, call in (
    ("load", lambda: client.load_model(name)),
    ("unload", lambda: client.unload_model(name)),
    ("sharedMemory", lambda: client.get_system_shared_memory_status()),
    ("sequence", lambda: client.infer(name, [tensor], sequence_id=5, sequence_start=True)),
    ("timeout", lambda: client.infer(name, [tensor], timeout=1)),
):
    try:
        call()
        answer[key] = "no error"
    except triton.InferenceServerException as error:
        answer[key] = str(error)
try:
    client.infer(name, [triton.InferInput("other", shape, "UINT8").set_data_from_numpy(pixels)])
except triton.InferenceServerException as error:
    answer["error"] = str(error)
print(json.dumps(answer))
`;

type Rows = readonly (readonly number[])[];

describe.skipIf(!triton)("Triton's client for the Open Inference Protocol", () => {
  it("finds the model, and gets what it asks for: predictions in every form, classes, configuration, statistics", async () => {
    const picture = join(service.folder, "samples", "cat", "0.jpg");
    const answer = (await runPython(
      triton,
      askTriton,
      new URL(service.origin).host,
      "model",
      shape,
      picture,
    )) as Record<string, unknown> & {
      json: { id: string; probabilities: Rows; logits: Rows };
      binary: unknown;
      file: Rows;
      classes: readonly (readonly string[])[];
      metadata: { versions: readonly string[] };
      config: object;
      statistics: { model_stats: readonly { inference_stats: Record<string, { count: number; ns: number }> }[] };
      error: string;
    };
    expect(answer).toMatchObject({ live: true, ready: true, model: true });
    expect(answer.server).toMatchObject({
      name: "pawprint",
      extensions: expect.arrayContaining(["binary_tensor_data", "classification", "statistics"]),
    });
    expect(answer.metadata).toMatchObject({
      name: "model",
      platform: "onnx_onnxv1",
      inputs: [{ name: "pictures", datatype: "UINT8", shape: [-1, height, width, channels] }],
    });
    expect(answer.json.id).toBe("r-1");
    expect(answer.json.probabilities.map((row) => row.reduce((sum, one) => sum + one, 0))).toEqual([
      expect.closeTo(1, 5),
      expect.closeTo(1, 5),
    ]);
    expect(answer.binary).toEqual(answer.json);
    const form = new FormData();
    form.set("file", new Blob([await readFile(picture)]), "cat.jpg");
    const predicted = await (await fetch(`${service.origin}/predict`, { method: "POST", body: form })).json();
    const { probabilities } = predicted as { readonly probabilities: readonly number[] };
    const near = (value: number) => expect.closeTo(value, 6);
    expect(answer.file).toEqual([probabilities.map(near), probabilities.map(near)]);
    expect(answer.error).toContain("an input named 'pictures'");
    expect([answer.gzip, answer.deflate]).toEqual([answer.file, answer.file]);

    const ranked = probabilities
      .map((value, index) => ({ value, text: `:${index}:${petModel.labels[index]}` }))
      .sort((a, b) => b.value - a.value);
    const read = (row: readonly string[]) =>
      row.map((text) => [Number(text.split(":")[0]), text.replace(/^[^:]+/, "")]);
    const expected = ranked.map(({ value, text }) => [expect.closeTo(value, 5), text]);
    expect(answer.classes.map(read)).toEqual([expected, expected]);
    expect(answer.binaryClasses).toEqual(answer.classes);

    const [version] = answer.metadata.versions;
    expect(answer.config).toMatchObject({ name: "model", backend: "onnxruntime", max_batch_size: 64 });
    expect(answer.index).toEqual([{ name: "model", version, state: "READY", reason: "" }]);
    expect(answer.statistics.model_stats).toMatchObject([{ name: "model", version }]);
    const { success, compute_infer: inference } = answer.statistics.model_stats[0]!.inference_stats;
    expect(success!.count).toBeGreaterThan(6);
    expect(inference!.ns).toBeGreaterThan(0);
    expect(answer.allStatistics).toEqual(answer.statistics);
    expect(answer.versioned).toEqual([answer.config, answer.statistics]);

    expect(answer.load).toContain("models are loaded from the service's own sources");
    expect(answer.unload).toContain("models are loaded from the service's own sources");
    expect(answer.sharedMemory).toContain("shared memory is not supported");
    expect(answer.sequence).toContain("sequence_id");
    expect(answer.timeout).toContain("deadline");
  });
});

const askMlflow = `
import json, sys
import mlflow, numpy, onnx, pandas
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
host, port, shape, bundle, folder = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4], sys.argv[5]
pixels = (numpy.arange(numpy.prod(shape)) * 37 % 256).astype(numpy.uint8).reshape(shape)
mlflow.onnx.save_model(onnx.load(bundle), folder)
local = mlflow.pyfunc.load_model(folder).predict({"pictures": pixels})
client = ScoringServerClient(host, port)
client.wait_server_ready(timeout=10)
frame = pandas.DataFrame({"pictures": [picture.tolist() for picture in pixels]})
remote = json.loads(client.invoke(frame).to_json())["predictions"]
print(json.dumps({"local": {name: value.tolist() for name, value in local.items()}, "remote": remote}))
`;

describe.skipIf(!mlflow)("MLflow", () => {
  it("gets from its scoring client what its own onnx flavour computes from the same bundle", async () => {
    const { hostname, port } = new URL(service.origin);
    const files = [join(service.folder, "model.onnx"), join(service.folder, "mlflow")];
    const { local, remote } = (await runPython(mlflow, askMlflow, hostname, port, shape, ...files)) as Record<
      "local" | "remote",
      Record<string, Rows>
    >;
    const near = (rows: Rows = []) => rows.map((row) => row.map((value) => expect.closeTo(value, 4)));
    expect(remote.logits).toEqual(near(local.logits));
    expect(remote.probabilities).toEqual(near(local.probabilities));
    expect(remote.probabilities).toHaveLength(2);
  });
});

describe.skipIf(!schemathesis)("Schemathesis", () => {
  it("finds no answer that the OpenAPI document does not allow", async () => {
    const checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    const args = ["run", `${service.origin}/openapi.json`, "--checks", checks, "--max-examples", "40", "--seed", "1"];
    const command = schemathesis!.replace(/python3?$/, "schemathesis");
    const { stdout } = await execute(command, [...args, "--no-color"], { cwd: service.folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout.slice(-6000)).toMatch(/(\d{3,}) generated, \1 passed/);
  });
});
