/** The reference nets of the training-step benchmark. */
import type { Network } from "../../src/nn/architectures/architecture.ts";
import { createNetwork } from "../../src/nn/architectures/table.ts";
import { foldedMobileNetV2 } from "./folded-mobilenet-v2.ts";

export interface Setup {
  /** An architecture of Pawprint, or the network of folded-mobilenet-v2.ts. */
  readonly architecture: "cnn" | "resnet" | "mobilenet" | "mobilenet-v2-folded";
  /** The architecture's options, all that the peer needs to build the same layers. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly channels: number;
  /** Height and width in pixels. */
  readonly size: number;
  readonly classes: number;
  readonly batch: number;
  readonly threads: number;
}

const mobilenet = {
  stemWidth: 32,
  stemStride: 1,
  stages: [
    { expansion: 1, width: 16, repeat: 1, stride: 1 },
    { expansion: 4, width: 24, repeat: 2, stride: 2 },
    { expansion: 4, width: 40, repeat: 3, stride: 2 },
    { expansion: 4, width: 80, repeat: 3, stride: 2 },
  ],
  headWidth: 320,
};
const two = { classes: 2, threads: 2 } as const;

export const cases: readonly Setup[] = [
  { architecture: "cnn", options: { widths: [32, 64] }, channels: 1, size: 28, classes: 10, batch: 128, threads: 2 },
  { architecture: "cnn", options: { widths: [32, 64, 128] }, channels: 3, size: 64, batch: 64, ...two },
  { architecture: "cnn", options: { widths: [32, 64, 128, 256] }, channels: 3, size: 128, batch: 32, ...two },
  { architecture: "resnet", options: { widths: [32, 64, 128], blocks: 2 }, channels: 3, size: 64, batch: 64, ...two },
  { architecture: "mobilenet", options: mobilenet, channels: 3, size: 64, batch: 64, ...two },
  { architecture: "mobilenet-v2-folded", options: {}, channels: 3, size: 224, batch: 16, ...two },
];

export function caseName({ architecture, options, channels, size, batch }: Setup): string {
  const widths = Array.isArray(options.widths) ? `, widths ${options.widths.join(",")}` : "";
  return `${architecture} ${channels}x${size}${widths}, batch ${batch}`;
}

export function networkOf({ architecture, options }: Setup): Network {
  return architecture === "mobilenet-v2-folded" ? foldedMobileNetV2 : createNetwork(architecture, options);
}
