import { describe, expect, it } from "vitest";
import { tinyExecutor as executor, tinyModel, tinyReference } from "../../tests/support/tiny-bundle.ts";
import type { Recipe } from "../image/recipe.ts";
import { type BundleInfo, encodeBundle, parityPicture } from "./bundle.ts";
import { loadBundle, runProgram } from "./load-bundle.ts";

const model = tinyModel();

async function load(changes: Partial<BundleInfo> = {}) {
  const info = { ...model.info, parity: [], ...changes };
  return loadBundle({ bytes: encodeBundle(model.graph, info), where: "m.onnx" }, executor);
}

describe("loading a bundle", () => {
  it("answers as the graph did that it was made of, for any number of pictures", async () => {
    const { pixels, probabilities } = await tinyReference(model, 5);
    const bundle = await load();
    const answers = await bundle.answer(pixels);
    expect(answers.logits).toHaveLength(15);
    expect(answers.probabilities).toEqual(probabilities);
    const pictureBytes = pixels.length / 5;
    const [first, second] = [pixels.slice(0, pictureBytes), pixels.slice(pictureBytes)];
    const apart = [...(await bundle.answer(first)).probabilities, ...(await bundle.answer(second)).probabilities];
    // Kernels may choose another order of summation for another batch size.
    for (const [index, value] of apart.entries()) expect(value).toBeCloseTo(probabilities[index]!, 6);
    await bundle.close();
  });

  it("refuses bytes that are no whole number of pictures", async () => {
    const bundle = await load();
    for (const length of [0, 71, 73]) {
      await expect(bundle.answer(new Uint8Array(length))).rejects.toMatchObject({
        code: "EXECUTION_INPUT",
        message: `Expected one or more pictures of 4 x 6 x 3 bytes (height, width, channels); got ${length} bytes`,
      });
    }
    await bundle.close();
  });

  it("refuses a graph that is not what the metadata says", async () => {
    await expect(load({ labels: ["cat", "dog"] })).rejects.toMatchObject({
      code: "BUNDLE_INVALID",
      message: "Expected output 'logits' as float32 [N,2], one column for each label; got float32 [N,3] (m.onnx)",
    });
    const recipe: Recipe = { ...model.info.recipe, width: 7 };
    await expect(load({ recipe })).rejects.toMatchObject({
      code: "BUNDLE_INVALID",
      message: "Expected input 'pictures' as uint8 [N,4,7,3], the recipe's size; got uint8 [N,4,6,3] (m.onnx)",
    });
  });

  it("takes parity examples that hold and refuses those that do not", async () => {
    const program = await executor.load(model.graph);
    const { probabilities } = await runProgram(program, model.info, parityPicture(9, model.info.recipe));
    await program.close();
    const right = Array.from(probabilities);
    await (await load({ parity: [{ seed: 9, probabilities: right }] })).close();
    const wrong = right.map((value, index) => (index === 0 ? value + 2e-4 : value));
    await expect(load({ parity: [{ seed: 9, probabilities: wrong }] })).rejects.toMatchObject({
      code: "BUNDLE_PARITY",
      message: expect.stringContaining("got a difference of 0.000200 (m.onnx, noise picture 9)"),
    });
    await expect(load({ parity: [{ seed: 9, probabilities: [1] }] })).rejects.toMatchObject({ code: "BUNDLE_PARITY" });
  });

  it("compares logits, which show what probabilities near 0 and 1 hide", async () => {
    const program = await executor.load(model.graph);
    const { logits, probabilities } = await runProgram(program, model.info, parityPicture(9, model.info.recipe));
    await program.close();
    const example = { seed: 9, probabilities: Array.from(probabilities), logits: Array.from(logits) };
    await (await load({ parity: [example] })).close();
    const wrong = example.logits.map((value, index) => (index === 0 ? value * 1.01 + 0.01 : value));
    await expect(load({ parity: [{ ...example, logits: wrong }] })).rejects.toMatchObject({
      code: "BUNDLE_PARITY",
      message: expect.stringMatching(/^Expected logits within 0\.\d+ of the trained model's; got a difference/),
    });
  });

  it("names a file that does not exist", async () => {
    await expect(loadBundle({ path: "no-such.onnx" }, executor)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: "Expected a file or folder that exists; got no-such.onnx",
    });
  });
});
