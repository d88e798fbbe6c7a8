import { expect, it } from "vitest";
import { patternPack } from "../../tests/fixtures/pattern-pack.ts";
import { createNetwork } from "../nn/architectures/table.ts";
import { createModel } from "./create-model.ts";

const network = createNetwork("cnn", { widths: [4] });

it("measures the normalisation of the training pictures where the network brings none", async () => {
  const pack = patternPack();
  const { normalization } = await createModel(network, pack);
  expect(normalization.mean).toHaveLength(pack.recipe.channels);
  expect(normalization.std.every((std) => std > 0)).toBe(true);
});

it("takes the normalisation that the network was trained with", async () => {
  const pack = patternPack();
  const { channels } = pack.recipe;
  const normalization = { mean: Array(channels).fill(0.485), std: Array(channels).fill(0.229) };
  expect((await createModel({ ...network, normalization }, pack)).normalization).toEqual(normalization);
});

it("refuses pictures of another number of channels than the network's normalisation", async () => {
  const pack = patternPack();
  const normalization = {
    mean: Array(pack.recipe.channels + 1).fill(0.5),
    std: Array(pack.recipe.channels + 1).fill(0.2),
  };
  await expect(createModel({ ...network, normalization }, pack)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
