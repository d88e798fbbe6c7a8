/** The graph of a pipeline as SVG: a column for each depth, boxes, and curves from need to user. */
import { escapeText } from "../../base/markup-text.ts";
import { textWidth } from "../../base/text-width.ts";
import { shortenText, visibleText } from "../../base/visible-text.ts";
import { type Dag, depths } from "../../pipeline/dag.ts";

const fontPx = 13;
const boxHeight = 34;
const [gapX, gapY, margin] = [56, 18, 16];

/** In the colours of the page that it stands in; alone, dark on nothing. */
export function dagSvg(dag: Dag): string {
  const depth = depths(dag);
  const columns: string[][] = [];
  for (const node of dag.nodes) {
    const at = depth.get(node) ?? 0;
    columns[at] = [...(columns[at] ?? []), node];
  }
  const shown = (node: string): string => shortenText(visibleText(node), 34);
  const widths = columns.map((column) => Math.max(...column.map((node) => fontPx * textWidth(shown(node)) + 28)));
  const isLong = ([from, to]: Dag["edges"][number]): boolean => (depth.get(to) ?? 0) - (depth.get(from) ?? 0) > 1;
  const top = margin + (dag.edges.some(isLong) ? boxHeight : 0);
  const tallest = Math.max(0, ...columns.map((column) => column.length)) * (boxHeight + gapY) - gapY;
  const place = new Map<string, { readonly x: number; readonly y: number; readonly width: number }>();
  let x = margin;
  for (const [at, column] of columns.entries()) {
    const height = column.length * (boxHeight + gapY) - gapY;
    for (const [row, node] of column.entries()) {
      place.set(node, { x, y: top + (tallest - height) / 2 + row * (boxHeight + gapY), width: widths[at]! });
    }
    x += widths[at]! + gapX;
  }
  const lines = dag.edges.map(([from, to]) => {
    const [a, b] = [place.get(from)!, place.get(to)!]; // edges are of nodes
    const [x1, y1, x2, y2] = [a.x + a.width, a.y + boxHeight / 2, b.x - 5, b.y + boxHeight / 2];
    // Past the boxes between, not behind them.
    const lift = isLong([from, to]) ? 2 * boxHeight : 0;
    const bend = lift > 0 ? gapX : Math.max(24, (x2 - x1) / 2);
    return `<path d="M${x1} ${y1}C${x1 + bend} ${y1 - lift} ${x2 - bend} ${y2 - lift} ${x2} ${y2}" marker-end="url(#arrow)"/>`;
  });
  const boxes = [...place].map(([node, { x: left, y, width }]) => {
    const isData = node.endsWith(".dvc");
    const text = `<text x="${left + width / 2}" y="${y + boxHeight / 2 + fontPx * 0.35}">${escapeText(shown(node))}</text>`;
    return `<rect x="${left}" y="${y}" width="${width}" height="${boxHeight}" rx="${isData ? boxHeight / 2 : 5}"/>${text}`;
  });
  const [width, height] = [Math.max(x - gapX + margin, 2 * margin), tallest + top + margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="${fontPx}" role="img" aria-label="${dag.nodes.length} stages and data, ${dag.edges.length} dependencies">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#6b7280"/></marker></defs>
<g fill="none" stroke="#6b7280" stroke-width="1.4">${lines.join("\n")}</g>
<g fill="#eef2ff" stroke="#4f5bd5" stroke-width="1.2" text-anchor="middle">${boxes.join("\n").replaceAll("<text ", '<text fill="#1f2430" stroke="none" ')}</g>
</svg>
`;
}
