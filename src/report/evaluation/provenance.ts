/** The sections on where a model comes from, and how fast it is. */

import { formatBytes } from "../../base/quantity.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import { backboneText, dataVersionText, quantizationText } from "../../bundle/lineage-text.ts";
import { countOf, formatCount } from "../page/elements.ts";
import { html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import type { PageSection } from "../page/page.ts";
import type { EvaluationFacts } from "./facts.ts";
import { timeText } from "./parts.ts";

export function latencySection({ figures: { latency }, machine }: EvaluationFacts): PageSection | undefined {
  if (latency === undefined) return undefined;
  return {
    id: "latency",
    title: "Latency",
    body: html`<p class="muted">The model alone, on pictures that are decoded, on this machine: ${machine.processor}, ${countOf(machine.cores, "core")}.</p>
<div class="scroll"><table style="width:auto">
<thead><tr><th>Pictures a call</th><th class="number">Median</th><th class="number">95th percentile</th><th class="number">Pictures a second</th><th class="number">Calls</th></tr></thead>
<tbody>${[latency.one, latency.batch].map(
      ({ batchSize, medianMs, p95Ms, picturesPerSecond, calls }) =>
        html`<tr><th scope="row">${batchSize}</th><td class="number">${timeText(medianMs)}</td><td class="number">${timeText(
          p95Ms,
        )}</td><td class="number">${formatCount(Math.round(picturesPerSecond))}</td><td class="number muted">${calls}</td></tr>`,
    )}</tbody></table></div>`,
  };
}

export function lineageSection({ model, against, data, datasetHash }: EvaluationFacts): PageSection {
  const models = [model, ...(against ? [against.model] : [])];
  const rows = models.map(lineageRows);
  return {
    id: "lineage",
    title: "Lineage",
    body: html`<div class="scroll"><table style="width:auto">
<tbody>${rows[0]!.map(
      ([name, value], at) =>
        html`<tr><th scope="row">${name}</th><td>${nameHtml(value)}</td>${rows.slice(1).map((other) => html`<td>${nameHtml(other[at]![1])}</td>`)}</tr>
`,
    )}<tr><th scope="row">Evaluated on</th><td${models.length > 1 && html` colspan="2"`}>${nameHtml(data)} <span class="muted">${datasetHash}</span></td></tr></tbody></table></div>`,
  };
}

function lineageRows({ path, sizeBytes, sha256, info }: BundleFile): readonly (readonly [string, string])[] {
  const { recipe, architecture, lineage, labels } = info;
  const colours = recipe.channels === 1 ? "grey" : "colour";
  const options = Object.entries(architecture.options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    ["Bundle", `${path} (${formatBytes(sizeBytes)})`],
    ["SHA-256", sha256],
    ["Architecture", `${architecture.name}${options.length > 0 ? ` (${options.join("; ")})` : ""}`],
    ["Input", `${recipe.width} × ${recipe.height}, ${colours}, ${recipe.fit}`],
    ["Classes", formatCount(labels.length)],
    ["Trained from", lineage.source],
    ["Dataset", lineage.datasetHash],
    ["Run", lineage.runId],
    ["Created", lineage.createdAt],
    ["Seed", String(lineage.seed)],
    ...(lineage.backbone ? [["Backbone", backboneText(lineage)!] as const] : []),
    ...(lineage.quantization ? [["Quantised", quantizationText(lineage)!] as const] : []),
    ["Git commit", lineage.gitCommit ?? "none"],
    ["Data version", dataVersionText(lineage) ?? "none"],
  ];
}
