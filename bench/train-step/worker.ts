/** Our side of the training-step benchmark, with the same line protocol as peer.py. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRandom } from "../../src/base/random.ts";
import type { TensorData } from "../../src/graph/tensor-type.ts";
import type { Graph } from "../../src/graph/value.ts";
import { createCpuExecutor } from "../../src/runtime/cpu-executor.ts";
import type { OnnxRuntimeProgram } from "../../src/runtime/onnx-runtime.ts";
import { adamw } from "../../src/train/step/optimizer.ts";
import { buildTrainStep } from "../../src/train/step/step.ts";
import { initialState, StepRunner } from "../../src/train/step/step-runner.ts";
import { networkOf, type Setup } from "./cases.ts";

/** Prepared for one network. */
interface Prepared {
  readonly runner: StepRunner;
  /** Each parameter's shape, sorted: what has to be the same at the peer. */
  readonly shapes: readonly string[];
}

const answer = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
let runner: StepRunner | undefined;
let program: OnnxRuntimeProgram | undefined;
let batch: Record<string, TensorData> = {};
let step = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Partial<Setup> & { steps?: number };
  if (!runner) {
    const prepared = await prepare(message as Setup);
    runner = prepared.runner;
    answer({ peer: "pawprint", shapes: prepared.shapes });
    continue;
  }
  if (!message.steps) {
    const profile = await program?.endProfile();
    await runner.close();
    // The kernel's own high-water mark of this process's resident memory.
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    answer({ peakBytes: Number(peak?.[1] ?? 0) * 1024, profile, stepCount: step });
    break;
  }
  const seconds: number[] = [];
  for (let at = 0; at < message.steps; at++) {
    const start = performance.now();
    await runner.run(batch, { learningRate: 1e-3, step: ++step });
    seconds.push((performance.now() - start) / 1000);
  }
  answer({ seconds });
}

async function prepare(setup: Setup & { readonly profile?: boolean }): Promise<Prepared> {
  const { channels, size, classes, batch: batchSize, threads, profile = false } = setup;
  const random = createRandom(0);
  const pixels = Uint8Array.from({ length: batchSize * size * size * channels }, () => random.integer(256));
  const targets = Int32Array.from({ length: batchSize }, () => random.integer(classes));
  batch = {
    pictures: { dtype: "uint8", shape: [batchSize, size, size, channels], data: pixels },
    targets: { dtype: "int32", shape: [batchSize], data: targets },
  };
  const model = {
    size: { height: size, width: size, channels },
    normalization: { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.25) },
    network: networkOf(setup),
    labels: Array.from({ length: classes }, (_, index) => `class ${index}`),
  };
  const optimizer = adamw({ weightDecay: 0 });
  const trainStep = buildTrainStep({ model, batchSize, optimizer });
  const cpu = await createCpuExecutor({ threads, profile });
  const executor = {
    name: cpu.name,
    runs: cpu.runs,
    load: async (graph: Graph) => {
      program = await cpu.load(graph);
      return program;
    },
  };
  const state = initialState(trainStep, optimizer, random);
  return {
    runner: await StepRunner.start(executor, trainStep, optimizer, state),
    shapes: trainStep.layout.parameters.map(({ shape }) => shape.join("x")).sort(),
  };
}
