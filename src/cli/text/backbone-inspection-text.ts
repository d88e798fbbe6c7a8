/** An inspected backbone as text: bounded for networks of thousands of nodes, each line within the width. */
import { formatBytes } from "../../base/quantity.ts";
import { formatShape } from "../../graph/tensor-type.ts";
import type { LayerSummary } from "../../nn/backbones/network-summary.ts";
import type { BackboneInspection, PortSummary } from "../../train/transfer/inspect-backbone.ts";
import { rightColumn, type Style, table, widthOf, wrap } from "../frame/console.ts";
import { formatCount, inputText } from "./backbone-text.ts";

export interface InspectionLayout {
  readonly style: Style;
  readonly width: number;
  /** All layers and candidates. */
  readonly isWhole: boolean;
}

/** Layers from the beginning and from the end; what is between is counted. */
const firstLayers = 6;
const lastLayers = 34;
const titles = ["BLOCK", "LAYER", "OUTPUT", "PARAMETERS", "NAME"];
const shownCandidates = 8;
const shownOperations = 12;
const shownNodes = 6;
const shownPorts = 6;

export function inspectionText(inspection: BackboneInspection, layout: InspectionLayout): string {
  const { backbone } = inspection;
  const parts = [
    factsText(inspection, layout),
    operationsText(inspection, layout),
    layersText(inspection.layers, layout),
    ...(backbone ? [candidatesText(backbone, layout)] : []),
  ];
  return parts.join("\n\n");
}

/** The line that comes next, where the model can be a backbone. */
export function nextAfterInspection(
  { backbone, declared }: BackboneInspection,
  shellPath: string,
  layer: string | undefined,
): string | undefined {
  if (backbone === undefined) return undefined;
  const recipe = declared?.input === undefined ? " --backbone-input RECIPE" : "";
  const chosen = layer === undefined ? "" : " --layer NAME";
  return `pawprint train --data SOURCE --backbone ${shellPath}${chosen}${recipe}`;
}

function factsText(inspection: BackboneInspection, { style, width }: InspectionLayout): string {
  const { kind, opset, producer, inputs, outputs, backbone, declared, unsuited, metadata } = inspection;
  const keys = Object.keys(metadata);
  const rows: (readonly [string, string])[] = [
    ["file", `${inspection.path} (${formatBytes(inspection.sizeBytes)})`],
    ["sha256", inspection.sha256],
    ["format", `${kind === "bundle" ? "a bundle, " : ""}opset ${opset}${producer === "" ? "" : `, from ${producer}`}`],
    ["inputs", portsText(inputs)],
    ["outputs", portsText(outputs)],
    [
      "metadata",
      keys.length === 0 ? "none" : `${keys.slice(0, shownPorts).join(", ")}${keys.length > shownPorts ? ", ..." : ""}`,
    ],
    ["nodes", `${inspection.nodes}, ${formatCount(inspection.parameters)} parameters`],
    ...(backbone ? backboneRows(backbone) : [["backbone", style.yellow(`no: ${unsuited}`)] as const]),
    ["recipe", declared?.input ? `${inputText(declared.input)} (${sourceOf(declared.from)})` : recipeGap(kind, style)],
    ["licence", declared?.licence ?? "not stated"],
    ...(declared?.source === undefined ? [] : [["source", declared.source] as const]),
  ];
  const indent = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows
    .map(([name, value]) => `${style.bold(name.padEnd(indent))}${wrap(value, Math.max(40, width - indent), indent)}`)
    .join("\n");
}

function backboneRows(backbone: NonNullable<BackboneInspection["backbone"]>): (readonly [string, string])[] {
  const { layer, width, parameters, multiplyAdds, blocks, withoutGradient } = backbone;
  const named = withoutGradient.slice(0, shownNodes).join(", ");
  const more = withoutGradient.length - shownNodes;
  return [
    ["features", `${layer}: ${width} numbers of a picture`],
    [
      "up to them",
      `${formatCount(parameters)} parameters in ${blocks.length} blocks, ${multiplyAdds === undefined ? "multiply-adds unknown" : `${formatCount(multiplyAdds)} multiply-adds a picture`}`,
    ],
    [
      "gradients",
      withoutGradient.length === 0
        ? "of every node up to the features: it can be fine-tuned"
        : `none of ${named}${more > 0 ? ` and ${more} more` : ""}: as they are, the blocks behind them can be fine-tuned, and frozen features always work`,
    ],
  ];
}

function sourceOf(from: NonNullable<BackboneInspection["declared"]>["from"]): string {
  return from === "catalogue" ? "known by its hash" : `from the ${from}`;
}

function recipeGap(kind: BackboneInspection["kind"], style: Style): string {
  if (kind === "bundle") return "none";
  return style.yellow(
    "not declared: give --backbone-input imagenet (files from PyTorch), minus-one-to-one (x/127.5-1, TensorFlow's), zero-to-one or bytes, as the authors document it",
  );
}

function portsText(ports: readonly PortSummary[]): string {
  const shown = ports.slice(0, shownPorts).map(({ name, dtype, shape }) => {
    return `${name} ${dtype === "unknown" ? "of unknown type" : `${dtype} ${formatShape(shape)}`}`;
  });
  return shown.join(", ") + (ports.length > shownPorts ? ` and ${ports.length - shownPorts} more` : "");
}

function operationsText({ operations }: BackboneInspection, { style, width }: InspectionLayout): string {
  const shown = operations.slice(0, shownOperations).map(({ name, count, withoutGradient }) => {
    return `${count} ${name}${withoutGradient.length > 0 ? style.yellow(" (no gradient)") : ""}`;
  });
  const more = operations.length - shownOperations;
  const text = `${shown.join(", ")}${more > 0 ? ` and ${more} other operations` : ""}`;
  return wrap(`${style.bold("operations")} ${text}`, width, 2);
}

function layersText(layers: readonly LayerSummary[], { style, width, isWhole }: InspectionLayout): string {
  const between = isWhole ? 0 : layers.length - firstLayers - lastLayers;
  const shown = between > 0 ? [...layers.slice(0, firstLayers), ...layers.slice(-lastLayers)] : layers;
  let before: number | undefined;
  const rows = shown.map(({ block, kind, output, parameters, name }) => {
    const number = block === undefined ? "" : block === before ? "." : String(block);
    before = block;
    return [number, cut(kind, 34), formatShape(output), parameters === 0 ? "" : formatCount(parameters), name];
  });
  const used = titles
    .slice(0, -1)
    .reduce(
      (sum, title, at) => sum + 2 + rows.reduce((most, row) => Math.max(most, widthOf(row[at]!)), title.length),
      0,
    );
  const fitted = rows.map((row) => [...row.slice(0, 4), cut(row[4]!, Math.max(16, width - used))]);
  const text = table(
    titles.map((title) => ({ title, align: title === "BLOCK" || title === "PARAMETERS" ? "right" : "left" })),
    fitted,
  );
  if (between <= 0) return text;
  const lines = text.split("\n");
  return [
    ...lines.slice(0, firstLayers + 1),
    style.dim(`  ... ${between} layers between; --all shows them`),
    ...lines.slice(firstLayers + 1),
  ].join("\n");
}

function candidatesText(
  { candidates }: NonNullable<BackboneInspection["backbone"]>,
  { style, isWhole }: InspectionLayout,
): string {
  const shown = isWhole ? candidates : candidates.slice(0, shownCandidates);
  const rows = shown.map(({ name, shape, width, isRecommended }) => [
    isRecommended ? style.green("recommended") : "",
    String(width),
    formatShape(shape),
    name,
  ]);
  const text = table(["FEATURES", rightColumn("WIDTH"), "SHAPE", "NAME (--layer)"], rows);
  const more = candidates.length - shown.length;
  return more > 0 ? `${text}\n${style.dim(`  ... ${more} more; --all shows them`)}` : text;
}

/** The end of a long name says more than its beginning: the scopes of exporters come first. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `...${text.slice(text.length - width + 3)}`;
}
