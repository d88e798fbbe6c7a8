/** What quantisation came to, as people read it: both models beside each other, and how the one became the other. */
import { counted, formatBytes } from "../../base/quantity.ts";
import type { QuantizationReport } from "../../train/quantization/quantize-bundle.ts";
import type { ModelFigures } from "../../train/quantization/quantized-figures.ts";
import { alignRows, rightColumn as right, type Style, table } from "../frame/console.ts";
import { percent } from "./evaluation-text.ts";

/** A table of figures, the float model's and the quantised one's, and below it how it was made. */
export function quantizationReportText(report: QuantizationReport, style: Style): string {
  const { float, int8, ratio, split, count, sameAnswers, trial, quantization } = report;
  const { batch } = float.latency;
  const row = (name: string, of: (figures: ModelFigures) => string, gain = ""): string[] => [
    name,
    of(float),
    of(int8),
    gain,
  ];
  const times = (value: number): string => `${value.toFixed(2)} x`;
  const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
  const points = 100 * (int8.accuracy - float.accuracy);
  const kept = [trial.keepsFirst ? "the first" : [], trial.keepsLast ? "the last" : []].flat();
  return [
    table(
      ["", right("FLOAT"), right("INT8"), right("")],
      [
        row(
          `accuracy (${split} split)`,
          ({ accuracy }) => percent(accuracy),
          `${points < 0 ? "" : "+"}${points.toFixed(2)} points`,
        ),
        row("loss", ({ loss }) => loss.toFixed(4)),
        row("1 picture, median", ({ latency }) => ms(latency.one.medianMs), times(ratio.one)),
        row("1 picture, 95 %", ({ latency }) => ms(latency.one.p95Ms)),
        row(`${batch.batchSize} pictures, median`, ({ latency }) => ms(latency.batch.medianMs), times(ratio.batch)),
        row(`${batch.batchSize} pictures, 95 %`, ({ latency }) => ms(latency.batch.p95Ms)),
        row("size", ({ sizeBytes }) => formatBytes(sizeBytes), times(ratio.size)),
      ],
    ),
    "",
    alignRows(
      (
        [
          ["compared on", `${counted(count, "picture")}; ${percent(sameAnswers)} are answered with the same class`],
          [
            "layers",
            `${quantization.quantizedLayers} of ${quantization.layers} in 8 bits${kept.length === 0 ? "" : `; ${kept.join(" and ")} in floats`}`,
          ],
          ["ranges", `${trial.method}, from ${counted(quantization.pictures, "picture")} of the train split`],
        ] as const
      ).map(([name, value]) => [style.bold(name), value]),
    ),
  ].join("\n");
}
