/** The reference nets of the training-step benchmark. */
export interface Setup {
  readonly channels: number;
  /** Height and width in pixels. */
  readonly size: number;
  readonly widths: readonly number[];
  readonly classes: number;
  readonly batch: number;
  readonly threads: number;
}

export const cases: readonly Setup[] = [
  { channels: 1, size: 28, widths: [32, 64], classes: 10, batch: 128, threads: 2 },
  { channels: 3, size: 64, widths: [32, 64, 128], classes: 2, batch: 64, threads: 2 },
  { channels: 3, size: 128, widths: [32, 64, 128, 256], classes: 2, batch: 32, threads: 2 },
];

export function caseName(setup: Setup): string {
  return `${setup.channels}x${setup.size}, widths ${setup.widths.join(",")}, batch ${setup.batch}`;
}
