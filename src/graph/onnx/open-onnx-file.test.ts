import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { changed, modelFrom, moveOut } from "../../../tests/support/onnx-model.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { float32 } from "../tensor-type.ts";
import { decodeModel } from "./decode.ts";
import { openOnnxFile } from "./open-onnx-file.ts";

const outer = temporaryFolder("open-onnx-file");
const folder = join(outer, "model");
const type = { dtype: "float32", shape: ["N", 2] } as const;
const whole = modelFrom({
  nodes: [{ opType: "Add", input: ["x", "w"], output: ["y"] }],
  inputs: { x: type },
  outputs: { y: type },
  initializers: { w: float32([2], [3, 4]) },
});
const weights = new Uint8Array(Float32Array.of(3, 4).buffer);

beforeAll(async () => {
  await mkdir(join(folder, "weights"), { recursive: true });
  await writeFile(join(folder, "w.data"), weights);
  await writeFile(join(folder, "weights", "w.data"), weights);
  await writeFile(join(outer, "secret.data"), weights);
  await symlink(join(outer, "secret.data"), join(folder, "link.data"));
  await symlink(outer, join(folder, "up"));
  await symlink("w.data", join(folder, "inner.data"));
});

async function written(location: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = join(folder, "model.onnx");
  await writeFile(
    path,
    changed(whole, ({ graph }) => moveOut(graph!.initializer[0]!, { location, ...more })),
  );
  return path;
}

it("reads a model of one file as it is", async () => {
  const path = join(folder, "whole.onnx");
  await writeFile(path, whole);
  expect(new Uint8Array(await openOnnxFile(path))).toEqual(whole);
});

it.each(["w.data", "weights/w.data", "./w.data", "weights\\w.data", "inner.data"])(
  "reads weights from %s in the model's folder",
  async (location) => {
    const { values } = decodeModel(await openOnnxFile(await written(location)));
    expect(values.get("w")!.producer).toMatchObject({ tensor: { data: Float32Array.of(3, 4) } });
  },
);

it.each([
  ["/etc/hostname", ""],
  ["../secret.data", ""],
  ["weights/../../secret.data", ""],
  ["..\\secret.data", ""],
  ["C:\\secret.data", ""],
  ["w.data\0", ""],
  ["link.data", ", a link to another folder"],
  ["up/secret.data", ", a link to another folder"],
])("refuses weights outside of it: %j", async (location, more) => {
  const error = await failureOf(openOnnxFile(await written(location)));
  expect([error.code, error.message.replace(/ \([^)]*model\.onnx\)$/, "")]).toEqual([
    "MODEL_UNREADABLE",
    `Expected weights in files of the model's own folder; got ${JSON.stringify(location)}${more}`,
  ]);
});

it("refuses weights that are missing, no file or too short", async () => {
  const messages: string[] = [];
  for (const path of [
    () => written("none.data"),
    () => written("weights"),
    () => written("w.data", { offset: "4", length: "8" }),
    () => written("w.data", { offset: "9007199254740993" }),
  ]) {
    const error = await failureOf(openOnnxFile(await path()));
    expect(error.code).toBe("MODEL_UNREADABLE");
    messages.push(error.message);
  }
  expect(messages[0]).toContain("Expected the file 'none.data' beside the model, which holds weights of it; got none");
  expect(messages[1]).toContain("Expected a file 'weights' that can be read");
  expect(messages[2]).toContain("Expected a file w.data of 12 bytes for 'w'; got one of 8");
  expect(messages[3]).toContain("Expected offset of external data as a number of bytes");
});
