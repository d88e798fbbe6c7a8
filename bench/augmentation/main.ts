/**
 * The cost of each kind of augmentation at the sizes of the reference nets, normalisation included:
 * `node --import tsx bench/augmentation/main.ts`. Prints medians in ms, of the graph and of drawing
 * its random numbers.
 */
import { createRandom } from "../../src/base/random.ts";
import type { TensorData } from "../../src/graph/tensor-type.ts";
import { graph, input } from "../../src/graph/value.ts";
import { augmentPictures } from "../../src/nn/augment/augment.ts";
import { type Augmentation, noAugmentation } from "../../src/nn/augment/augmentation.ts";
import { drawAugmentation } from "../../src/nn/augment/draw.ts";
import { numbersPerPicture } from "../../src/nn/augment/numbers.ts";
import { createCpuExecutor } from "../../src/runtime/cpu-executor.ts";
import { median } from "../report.ts";
import { cases as nets } from "../train-step/cases.ts";

const colours = { saturation: 0.3, hue: 0.05 };
const cases: Readonly<Record<string, Partial<Augmentation>>> = {
  nothing: {},
  "mirror, shift, zoom, crop": { flip: true, shiftPixels: 2, zoom: 0.1, crop: 0.5 },
  "rotation, shear": { rotationDegrees: 20, shear: 0.1 },
  "brightness, contrast": { brightness: 0.2, contrast: 0.2 },
  "saturation, hue": colours,
  erasing: { erasing: 0.5 },
  mixup: { mixup: 0.2 },
  CutMix: { cutmix: 1 },
  "2 random changes": { randAugment: { count: 2, magnitude: 9 } },
  "the defaults of train": { flip: true, shiftPixels: 4, zoom: 0.15, brightness: 0.2, contrast: 0.2 },
  everything: { flip: true, crop: 0.08, rotationDegrees: 10, brightness: 0.2, ...colours, erasing: 0.25, cutmix: 1 },
};
const [warmUps, runs] = [10, 50];

/** Medians of one kind at one size: [graph, drawing], in ms. */
async function measure(changes: Partial<Augmentation>, net: (typeof nets)[number]): Promise<[number, number]> {
  const { batch, channels, size: side, threads } = net;
  // Grey pictures have no colours to change.
  const grey = channels === 1 ? { saturation: 0, hue: 0 } : {};
  const setup = {
    augmentation: { ...noAugmentation, ...changes, ...grey },
    size: { height: side, width: side, channels },
    normalization: { mean: new Array<number>(channels).fill(0.5), std: new Array<number>(channels).fill(0.25) },
  };
  const width = numbersPerPicture(channels);
  const pictures = input("pictures", "uint8", [batch, side, side, channels]);
  const fed = input("numbers", "float32", [batch, width]);
  const y = augmentPictures(pictures, fed, setup);
  const executor = await createCpuExecutor({ threads });
  const program = await executor.load(graph("augment", [pictures, fed], { y }));
  const random = createRandom(0);
  const pixels = Uint8Array.from({ length: batch * side * side * channels }, () => random.integer(256));
  const numbers = new Float32Array(batch * width);
  const feeds: Record<string, TensorData> = {
    pictures: { dtype: "uint8", shape: [batch, side, side, channels], data: pixels },
    numbers: { dtype: "float32", shape: [batch, width], data: numbers },
  };
  const shape = [batch, channels, side, side];
  const into = { y: { dtype: "float32" as const, shape, data: new Float32Array(pixels.length) } };
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run < warmUps + runs; run++) {
    const start = performance.now();
    drawAugmentation(random.split(run), setup, numbers);
    const drawn = performance.now();
    await program.run(feeds, into);
    if (run < warmUps) continue;
    times[0].push(performance.now() - drawn);
    times[1].push(drawn - start);
  }
  await program.close();
  return [median(times[0]), median(times[1])];
}

const columns = nets.map(({ batch, channels, size }) => `${batch}x${channels}x${size}x${size}`);
process.stdout.write(`${"".padEnd(30)}${columns.map((name) => name.padStart(16)).join("")}   (ms: graph + drawing)\n`);
for (const [name, changes] of Object.entries(cases)) {
  const cells: string[] = [];
  for (const net of nets) {
    const [run, draw] = await measure(changes, net);
    cells.push(`${run.toFixed(1)} + ${draw.toFixed(1)}`.padStart(16));
  }
  process.stdout.write(`${name.padEnd(30)}${cells.join("")}\n`);
}
