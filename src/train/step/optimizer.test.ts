import { describe, expect, it } from "vitest";
import { float32 } from "../../graph/tensor-type.ts";
import { constant, graph, input } from "../../graph/value.ts";
import { createReferenceExecutor } from "../../runtime/reference.ts";
import {
  adam,
  adamw,
  clipByGlobalNorm,
  initialOptimizerState,
  type Optimizer,
  sgd,
  withAccumulation,
  withClipping,
} from "./optimizer.ts";

const length = 3;
const start = [0.5, -1, 2];
/** Decay is off for the last one. */
const mask = [1, 1, 0];
const gradientsByStep = [
  [0.1, -0.2, 0.3],
  [-0.4, 0.5, 0],
  [1e-4, 0.2, -0.6],
];
const rates = [0.1, 0.05, 0.02];

/** Runs an optimizer's graph for three steps and gives the parameters after each. */
async function run(
  optimizer: Optimizer,
  gradients: readonly number[][] = gradientsByStep,
  ratesOf: readonly number[] = rates,
): Promise<number[][]> {
  const scalarNames = Object.keys(optimizer.scalars({ learningRate: 1, step: 1 }));
  const parameters = input("parameters", "float32", [length]);
  const gradient = input("gradient", "float32", [length]);
  const state = optimizer.stateNames.map((name) => input(name, "float32", [length]));
  const scalars = scalarNames.map((name) => input(name, "float32", []));
  const next = optimizer.update({
    parameters,
    gradient,
    state: Object.fromEntries(optimizer.stateNames.map((name, at) => [name, state[at]!])),
    scalars: Object.fromEntries(scalarNames.map((name, at) => [name, scalars[at]!])),
    decayMask: constant(float32([length], mask)),
  });
  const outputs = Object.fromEntries(Object.entries(next.state).map(([name, value]) => [`${name}.next`, value]));
  const program = await createReferenceExecutor().load(
    graph("update", [parameters, gradient, ...state, ...scalars], { ...outputs, "parameters.next": next.parameters }),
  );
  const tensors: Record<string, number[]> = { parameters: start };
  for (const [name, vector] of Object.entries(initialOptimizerState(optimizer, length))) tensors[name] = [...vector];
  const history: number[][] = [];
  for (const [index, values] of gradients.entries()) {
    const fedScalars = optimizer.scalars({ learningRate: ratesOf[index]!, step: index + 1 });
    const results = await program.run({
      gradient: float32([length], values),
      ...Object.fromEntries(Object.entries(tensors).map(([name, vector]) => [name, float32([length], vector)])),
      ...Object.fromEntries(Object.entries(fedScalars).map(([name, value]) => [name, float32([], [value])])),
    });
    for (const [name, tensor] of Object.entries(results)) {
      tensors[name.replace(".next", "")] = Array.from(tensor.data as Float32Array);
    }
    history.push(tensors.parameters!);
  }
  return history;
}

function expectClose(actual: number[][], expected: number[][]): void {
  // State passes through float32 between steps.
  for (const [step, row] of expected.entries()) {
    for (const [at, value] of row.entries()) expect(actual[step]![at]).toBeCloseTo(value, 5);
  }
}

/** The textbook formula for one parameter, with corrected moments as the paper writes them. */
function adamByHand(at: number, { decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): number[] {
  let [p, m, v] = [start[at]!, 0, 0];
  return gradientsByStep.map((row, index) => {
    const g = row[at]!;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const corrected = m / (1 - beta1 ** (index + 1)) / (Math.sqrt(v / (1 - beta2 ** (index + 1))) + epsilon);
    p = p - rates[index]! * decay * mask[at]! * p - rates[index]! * corrected;
    return p;
  });
}

function sgdByHand(at: number, { momentum = 0.9, nesterov = true, decay = 0 } = {}): number[] {
  let [p, v] = [start[at]!, 0];
  return gradientsByStep.map((row, index) => {
    const g = row[at]! + decay * mask[at]! * p;
    v = momentum * v + g;
    p = p - rates[index]! * (nesterov ? g + momentum * v : v);
    return p;
  });
}

const transposed = (columns: number[][]) => gradientsByStep.map((_, step) => columns.map((column) => column[step]!));
const byHand = (formula: (at: number) => number[]) => transposed(start.map((_, at) => formula(at)));

describe("optimizers follow their formulas", () => {
  it("adam", async () =>
    expectClose(
      await run(adam()),
      byHand((at) => adamByHand(at)),
    ));
  it("adamw, with decay only where the mask says", async () => {
    expectClose(
      await run(adamw({ weightDecay: 0.3 })),
      byHand((at) => adamByHand(at, { decay: 0.3 })),
    );
  });
  it("adam with other moments", async () => {
    const settings = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
    expectClose(
      await run(adam(settings)),
      byHand((at) => adamByHand(at, settings)),
    );
  });
  it("sgd with Nesterov momentum and decay", async () => {
    expectClose(
      await run(sgd({ weightDecay: 0.3 })),
      byHand((at) => sgdByHand(at, { decay: 0.3 })),
    );
  });
  it("sgd with plain momentum", async () => {
    expectClose(
      await run(sgd({ nesterov: false })),
      byHand((at) => sgdByHand(at, { nesterov: false })),
    );
  });
  it("sgd without momentum keeps no state", async () => {
    expect(sgd({ momentum: 0 }).stateNames).toEqual([]);
    expectClose(
      await run(sgd({ momentum: 0 })),
      byHand((at) => sgdByHand(at, { momentum: 0, nesterov: false })),
    );
  });
  it("say their settings in their name", () => {
    expect(withClipping(adamw(), 1).name).toBe("clip(1) adamw(0.9, 0.999, 1e-8, 0.01)");
    expect(sgd().name).toBe("sgd(0.9, nesterov, 0)");
  });
});

describe("clipping", () => {
  it("shortens a long gradient to the limit and leaves a short one alone", async () => {
    const gradient = input("gradient", "float32", [2]);
    const program = await createReferenceExecutor().load(
      graph("clip", [gradient], { clipped: clipByGlobalNorm(gradient, 1) }),
    );
    const clip = async (values: number[]) => {
      const { clipped } = await program.run({ gradient: float32([2], values) });
      return Array.from(clipped!.data as Float32Array);
    };
    const long = await clip([3, 4]);
    expect(long[0]).toBeCloseTo(0.6, 5);
    expect(long[1]).toBeCloseTo(0.8, 5);
    expect(await clip([0.25, 0.5])).toEqual([0.25, 0.5]);
    expect(await clip([0, 0])).toEqual([0, 0]);
  });

  it("acts before the optimizer it wraps", async () => {
    const clipped = await run(withClipping(sgd({ momentum: 0 }), 0.1));
    const norm = Math.hypot(...gradientsByStep[0]!);
    for (const [at, value] of clipped[0]!.entries()) {
      expect(value).toBeCloseTo(start[at]! - (rates[0]! * gradientsByStep[0]![at]! * 0.1) / norm, 5);
    }
  });
});

describe("gradient accumulation", () => {
  it.each([
    ["adamw", () => adamw({ weightDecay: 0.1 })],
    ["sgd", () => sgd({ weightDecay: 0.1 })],
    ["clipped", () => withClipping(sgd(), 0.1)],
  ])("moves %s once for several steps, by their mean gradient", async (_, create) => {
    const halves = gradientsByStep.flatMap((row) => [
      row.map((value) => value + 0.25),
      row.map((value) => value - 0.25),
    ]);
    const twice = rates.flatMap((rate) => [rate, rate]);
    const accumulated = await run(withAccumulation(create(), 2), halves, twice);
    const whole = await run(create());
    expectClose(
      [1, 3, 5].map((at) => accumulated[at]!),
      whole,
    );
    // Between updates nothing moves.
    expectClose([accumulated[0]!, accumulated[2]!, accumulated[4]!], [start, whole[0]!, whole[1]!]);
  });
});
