import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { tinyExecutor as executor, tinyModel, tinyReference } from "../../tests/support/tiny-bundle.ts";
import { sha256 } from "../base/hash.ts";
import { exportBundle, requireFreePath } from "./export-bundle.ts";
import { loadBundle } from "./load-bundle.ts";

const model = tinyModel();
const folder = temporaryFolder();
let reference: Awaited<ReturnType<typeof tinyReference>>;

beforeAll(async () => {
  reference = await tinyReference(model, 40);
});

const options = () => ({ ...model, executor, reference });

describe("exporting a bundle", () => {
  it("writes one file that loads, with parity examples, and makes its folder", async () => {
    const path = join(folder, "new", "m.onnx");
    const exported = await exportBundle({ ...options(), path });
    const bytes = await readFile(path);
    expect(exported).toMatchObject({ path, sizeBytes: bytes.byteLength, sha256: sha256(bytes) });
    expect(exported.info.parity).toHaveLength(4);
    const bundle = await loadBundle({ path }, executor);
    expect(bundle.info).toEqual(exported.info);
    await bundle.close();
    expect(await readdir(join(folder, "new"))).toEqual(["m.onnx"]);
  });

  it("leaves a file that is there alone, and replaces it with force", async () => {
    const path = join(folder, "old.onnx");
    await writeFile(path, "old");
    await expect(exportBundle({ ...options(), path })).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readFile(path, "utf8")).toBe("old");
    await exportBundle({ ...options(), path, force: true });
    expect((await readFile(path)).byteLength).toBeGreaterThan(1000);
  });

  it("writes nothing over a good file where the answers are not those of training", async () => {
    const path = join(folder, "good.onnx");
    await writeFile(path, "good");
    const probabilities = Float32Array.from(reference.probabilities);
    probabilities[119]! += 3e-4;
    const wrong = { ...options(), reference: { ...reference, probabilities }, path, force: true };
    await expect(exportBundle(wrong)).rejects.toMatchObject({
      code: "BUNDLE_PARITY",
      message: expect.stringMatching(/^Expected probabilities within 0\.0001 of .*; got a difference of 0\.00030/),
    });
    probabilities[119] = Number.NaN;
    await expect(exportBundle(wrong)).rejects.toMatchObject({ code: "BUNDLE_PARITY" });
    expect(await readFile(path, "utf8")).toBe("good");
  });

  it("is ended by its signal without a file", async () => {
    const path = join(folder, "never.onnx");
    await expect(exportBundle({ ...options(), path, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(await readdir(folder)).not.toContain("never.onnx");
  });
});

describe("looking at the output's path before training", () => {
  it("takes a free name, also below a folder that is not there yet", async () => {
    await requireFreePath(join(folder, "nowhere", "m.onnx"));
  });

  it("refuses an existing file without force, and a folder always", async () => {
    const path = join(folder, "taken.onnx");
    await writeFile(path, "");
    await expect(requireFreePath(path)).rejects.toMatchObject({
      code: "FILE_EXISTS",
      message: `Expected a name that is free; got a file that exists (${path})`,
      hint: "give `force` to replace it, or choose another name",
    });
    await requireFreePath(path, true);
    await mkdir(join(folder, "sub"));
    await expect(requireFreePath(join(folder, "sub"), true)).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  });
});
