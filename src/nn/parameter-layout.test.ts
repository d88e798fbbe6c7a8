import { describe, expect, it } from "vitest";
import { createRandom } from "../base/random.ts";
import { heNormal, ones, zeros } from "./initializers.ts";
import { decayMask, initialParameters, initialStatistics, layOut, type ParameterRequest } from "./parameter-layout.ts";

const weight: ParameterRequest = {
  name: "a.weight",
  shape: [2, 3],
  initializer: heNormal,
  decay: true,
  trainable: true,
  rate: 1,
};
const bias: ParameterRequest = {
  name: "a.bias",
  shape: [2],
  initializer: zeros,
  decay: false,
  trainable: true,
  rate: 1,
};
const scale: ParameterRequest = {
  name: "b.scale",
  shape: [2],
  initializer: ones,
  decay: false,
  trainable: true,
  rate: 1,
};

describe("layout", () => {
  it("places tensors one behind the other", () => {
    const layout = layOut([weight, bias, scale], [{ name: "b.mean", shape: [2], initial: 0 }]);
    expect(layout.parameters.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 6],
      [6, 2],
      [8, 2],
    ]);
    expect([layout.parameterCount, layout.statisticCount]).toEqual([10, 2]);
  });

  it("refuses a name that stands twice", () => {
    expect(() => layOut([bias, bias], [])).toThrow("Expected a unique name for each parameter; got a.bias");
  });

  it("marks weights for decay, and neither biases nor norms", () => {
    expect([...decayMask(layOut([bias, weight, scale], []))]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  it("marks nothing for decay that is frozen", () => {
    expect([...decayMask(layOut([{ ...weight, trainable: false }, bias], []))]).toEqual(new Array(8).fill(0));
  });

  it("starts a parameter alike whatever layers stand beside it", () => {
    const alone = initialParameters(layOut([weight], []), createRandom(5));
    const together = initialParameters(layOut([scale, weight], []), createRandom(5));
    expect(together.slice(2)).toEqual(alone);
    expect([...together.slice(0, 2)]).toEqual([1, 1]);
  });

  it("starts running means at 0 and variances at 1", () => {
    const statistics = [
      { name: "mean", shape: [2], initial: 0 },
      { name: "variance", shape: [2], initial: 1 },
    ];
    expect([...initialStatistics(layOut([], statistics))]).toEqual([0, 0, 1, 1]);
  });
});
