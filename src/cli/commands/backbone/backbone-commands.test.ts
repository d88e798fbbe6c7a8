import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { sendFile, startFileServer } from "../../../../tests/support/file-server.ts";
import { changed, modelFrom, moveOut } from "../../../../tests/support/onnx-model.ts";
import { petModel } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { tinyBackbone } from "../../../../tests/support/tiny-backbone.ts";
import { writeUntrainedBundle } from "../../../../tests/support/untrained-bundle.ts";
import { sha256 } from "../../../base/hash.ts";
import { backboneCatalogue } from "../../../nn/backbones/catalogue.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeEach(async () => {
  cwd = temporaryFolder("backbone-commands");
  await writeFile(join(cwd, "net.onnx"), tinyBackbone());
});

async function run(line: string, width = 80) {
  const captured = captureContext({ cwd, width });
  const exitCode = await runCommand(line.split(" "), captured.context);
  return { exitCode, out: captured.out(), err: captured.err() };
}

describe("pawprint backbone list", () => {
  it("shows size, licence and state of every entry in lines of 80 characters", async () => {
    const { exitCode, out } = await run("backbone list");
    expect(exitCode).toBe(0);
    for (const name of Object.keys(backboneCatalogue)) expect(out).toContain(name);
    expect(out).toMatch(/mobilenet-v2-1\.0-224\s+14\.0 MB\s+2\.21 M\s+299 M\s+71\.8%\s+Apache-2\.0\s+no URL/);
    expect(out).toMatch(/resnet18-v1-7\s+46\.8 MB .*untested/);
    expect(
      Math.max(
        ...out
          .replace(/^Next: .*/m, "")
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  it("gives hashes, addresses and the source of each figure as JSON", async () => {
    const { out } = await run("backbone list --json");
    const { backbones } = JSON.parse(out);
    expect(backbones).toHaveLength(Object.keys(backboneCatalogue).length);
    expect(backbones[0]).toMatchObject({ isInCatalogue: true, sources: { sha256: expect.any(String) } });
  });
});

describe("pawprint backbone fetch", () => {
  it("downloads a model from its address, and says what comes next", async () => {
    const bytes = tinyBackbone();
    const { origin } = await startFileServer(sendFile(bytes));
    const address = `${origin}/nets/tiny.onnx#sha256=${sha256(bytes)}`;
    const { exitCode, out } = await run(`backbone fetch ${address} --licence MIT --backbone-input imagenet`);
    expect(exitCode).toBe(0);
    expect(out).toContain("its SHA-256 is right");
    expect(out).toContain("16 x 16 RGB, nchw, cover, imagenet");
    expect(out).toMatch(/Next: pawprint train --data SOURCE --backbone models\/backbones\/tiny\.onnx/);
    const card = JSON.parse(await readFile(join(cwd, "models/backbones/tiny.backbone.json"), "utf8"));
    expect(card).toMatchObject({ licence: "MIT", source: `${origin}/nets/tiny.onnx` });
    const again = await run(`backbone fetch ${address} --licence MIT --backbone-input imagenet --quiet`);
    expect(again.out).toBe("models/backbones/tiny.onnx\n");
  });

  it.each([
    ["backbone fetch mobilenetv2-21", "did you mean mobilenetv2-12?"],
    ["backbone fetch https://host/a.onnx#sha256=12", "not followed by 64 hexadecimal digits"],
    [`backbone fetch https://host/a.onnx#sha256=${"0".repeat(64)}`, "--licence Apache-2.0"],
    ["backbone fetch mobilenet-v2-1.0-224 --layer t6", "leave --layer out"],
    ["backbone fetch mobilenet-v2-1.0-224", "put the file there, of SHA-256 72fc3426"],
  ])("refuses '%s'", async (line, message) => {
    const { exitCode, err } = await run(line);
    expect(exitCode).toBeGreaterThan(0);
    expect(err.replace(/\s+/g, " ")).toContain(message);
  });
});

describe("pawprint backbone inspect", () => {
  it("shows blocks from the end, candidates, and what has to be declared", async () => {
    const { exitCode, out } = await run("backbone inspect net.onnx");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/inputs\s+input float32 \[N,3,16,16\]/);
    expect(out).toMatch(/recipe\s+not declared: give --backbone-input imagenet/);
    expect(out).toMatch(/3 {2}Conv 3x3 +\[N,8,16,16\] +224 {2}\/stem\/Conv_output_0/);
    expect(out).toMatch(/1 {2}Conv 3x3, Relu, Add/);
    expect(out).toMatch(/recommended +8 {2}\[N,8\] +\/pool\/Flatten_output_0/);
    expect(out).toContain("Next: pawprint train --data SOURCE --backbone net.onnx --backbone-input RECIPE");
  });

  it("takes the layer that is asked for, and names others for one that is not there", async () => {
    const { out } = await run("backbone inspect net.onnx --layer /block1/Add_output_0 --json");
    expect(JSON.parse(out).backbone).toMatchObject({ layer: "/block1/Add_output_0", width: 8, blocks: { length: 2 } });
    const { exitCode, err } = await run("backbone inspect net.onnx --layer pool");
    expect(exitCode).toBe(2);
    expect(err).toContain("LAYER_UNKNOWN");
    expect(err).toContain("/pool/Flatten_output_0");
  });

  it("reads a side-car file, and refuses one of another file", async () => {
    await writeFile(join(cwd, "net.backbone.json"), JSON.stringify({ licence: "MIT", layer: "/pool/Pool_output_0" }));
    expect((await run("backbone inspect net.onnx")).out).toMatch(/features\s+\/pool\/Pool_output_0: 8 numbers/);
    await writeFile(join(cwd, "net.backbone.json"), JSON.stringify({ sha256: "0".repeat(64) }));
    expect((await run("backbone inspect net.onnx")).err).toContain("BACKBONE_INPUT");
    await writeFile(join(cwd, "net.backbone.json"), "{");
    expect((await run("backbone inspect net.onnx")).err).toContain("BACKBONE_INPUT");
  });

  it("takes a bundle, which knows its recipe", async () => {
    await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
    const { out } = await run("backbone inspect pets.onnx");
    expect(out).toMatch(/format\s+a bundle/);
    expect(out).toMatch(/recipe\s+32 x 32 RGB.*\(from\s+the bundle\)/);
    expect(out).toMatch(/recommended/);
    expect(out).not.toMatch(/recommended.*probabilities/);
  });

  it("reads weights in files beside the model, and says which one is missing", async () => {
    const parts = changed(tinyBackbone(), ({ graph }) => {
      const weight = graph!.initializer.find(({ name }) => name === "fc.bias")!;
      moveOut(weight, { location: "fc.data" });
    });
    await writeFile(join(cwd, "parts.onnx"), parts);
    expect((await run("backbone inspect parts.onnx")).err).toMatch(/MODEL_UNREADABLE.*'fc\.data'/s);
    await writeFile(join(cwd, "fc.data"), new Uint8Array(40));
    expect((await run("backbone inspect parts.onnx")).out).toMatch(/nodes\s+10, 1\.48 k parameters/);
  });

  it("says why a model of something else is no backbone, and shows it all the same", async () => {
    const type = { dtype: "float32", shape: ["N", 7] } as const;
    const nodes = [{ opType: "Relu", input: ["x"], output: ["y"] }];
    await writeFile(join(cwd, "table.onnx"), modelFrom({ nodes, inputs: { x: type }, outputs: { y: type } }));
    const { exitCode, out } = await run("backbone inspect table.onnx");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/backbone\s+no: Expected a model with one input/);
    expect(out).toMatch(/operations 1 Relu/);
  });

  it("stays bounded and within the width for thousands of nodes with long names", async () => {
    const type = { dtype: "float32", shape: ["N", 3, 8, 8] } as const;
    const weight = { dtype: "float32", shape: [3, 3, 1, 1], data: new Float32Array(9).fill(0.1) } as const;
    const name = (at: number) =>
      at === 0 ? "x" : at === 3000 ? "y" : `/scope/of/an/exporter/that/likes/long/names/${"deep/".repeat(20)}${at}`;
    const nodes = Array.from({ length: 3000 }, (_, at) => ({
      opType: at % 2 === 0 ? "Conv" : "Relu",
      input: at % 2 === 0 ? [name(at), "w"] : [name(at)],
      output: [name(at + 1)],
    }));
    await writeFile(
      join(cwd, "deep.onnx"),
      modelFrom({ nodes, inputs: { x: type }, outputs: { y: type }, initializers: { w: weight } }),
    );
    const { exitCode, out } = await run("backbone inspect deep.onnx");
    expect(exitCode).toBe(0);
    const lines = out.split("\n");
    expect(lines.length).toBeLessThan(90);
    const layers = lines.slice(
      lines.findIndex((line) => line.includes("LAYER")),
      lines.findIndex((line) => line.startsWith("FEATURES")),
    );
    expect(Math.max(...layers.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toContain("... 1460 layers between; --all shows them");
    expect((await run("backbone inspect deep.onnx --all")).out.split("\n").length).toBeGreaterThan(1500);
  });

  it.each([
    ["nothing.onnx", undefined, "FILE_NOT_FOUND"],
    ["text.onnx", new TextEncoder().encode("not a model"), "MODEL_UNREADABLE"],
    ["cut.onnx", tinyBackbone().subarray(0, 900), "MODEL_UNREADABLE"],
    ["empty.onnx", new Uint8Array(), "MODEL_UNREADABLE"],
  ])("refuses %s", async (file, bytes, code) => {
    if (bytes) await writeFile(join(cwd, file), bytes);
    const { exitCode, err } = await run(`backbone inspect ${file}`);
    expect(exitCode).toBeGreaterThan(0);
    expect(err).toContain(code);
  });

  it("refuses a folder", async () => {
    await mkdir(join(cwd, "folder.onnx"));
    expect((await run("backbone inspect folder.onnx")).err).toContain("FILE_READ_FAILED");
  });
});

const files = join(import.meta.dirname, "../../../../../shared/data/backbones");

it.runIf(existsSync(files))(
  "knows the files of the catalogue by their hashes, and counts what their authors state",
  async () => {
    const { out } = await run(`backbone inspect ${join(files, "mobilenet-v2-1.0-224.onnx")}`);
    expect(out).toContain("known by its hash");
    // github.com/tensorflow/models: 3.47 million parameters, 300 million multiply-adds.
    expect(out).toMatch(/nodes\s+130, 3\.49 M parameters/);
    expect(out).toMatch(/2\.21 M parameters in 32 blocks, 299 M multiply-adds a picture/);
  },
);
