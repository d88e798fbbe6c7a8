import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { textWidth } from "../../base/text-width.ts";
import { barChart, stackedBarChart } from "./bar-chart.ts";
import { chartFontPx, chartWidthPx, renderChart } from "./chart.ts";
import { histogram } from "./histogram.ts";
import { scatterChart } from "./scatter-chart.ts";

/** A sequence that looks random enough: 0 to 1. */
const spread = (at: number): number => (at * 0.618033988749895) % 1;
const hostile = `</text><script>alert("1")</script>&\n\u0000\u202e\ud83d`;

const values = Array.from({ length: 500 }, (_, at) => 10 + 200 * spread(at));
const charts = {
  "bar chart": barChart({
    description: "bars of cat and dog",
    valueTitle: "pictures",
    bars: [
      { label: "cat", value: 12_500 },
      { label: "dog", value: 7 },
    ],
  }),
  "stacked bar chart": stackedBarChart({
    description: "formats & modes",
    valueTitle: "pictures",
    parts: [
      { label: "jpeg", series: "rgb", value: 90 },
      { label: "png", series: "rgb", value: 20 },
      { label: "jpeg", series: "grey", value: 10 },
    ],
  }),
  histogram: histogram({
    description: "one",
    valueTitle: "bytes of a file",
    series: [{ label: "", values }],
    unit: "B",
    format: "short",
  }),
  "histogram of several series": histogram({
    description: "several",
    valueTitle: "mean luma",
    series: [
      { label: "cat", values },
      { label: "dog", values: values.map((value) => value + 20) },
    ],
  }),
  "logarithmic histogram": histogram({
    description: "log",
    valueTitle: "size",
    scale: "log",
    format: "short",
    unit: "B",
    series: [{ label: "", values: values.map((_, at) => 10 ** (2 + 5 * spread(at))) }],
  }),
  "scatter chart": scatterChart({
    description: "sizes",
    xTitle: "width",
    yTitle: "height",
    points: values.map((x, at) => ({ x, y: 300 * spread(7 * at), series: at % 3 === 0 ? "cat" : "dog" })),
  }),
};
const shownTexts: Readonly<Record<keyof typeof charts, readonly string[]>> = {
  "bar chart": ["cat", "dog", "12,500", "7", "pictures"],
  "stacked bar chart": ["jpeg", "png", "rgb", "grey", "100", "20"],
  histogram: ["bytes of a file", "pictures", "100B", "200B"],
  "histogram of several series": ["cat", "dog", "mean luma", "share of the class"],
  "logarithmic histogram": ["size", "1kB", "1MB"],
  "scatter chart": ["cat", "dog", "width", "height"],
};

const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

/** Rejects what is no well-formed XML: libvips reads SVG with a strict parser. */
const parseSvg = (svg: string) => sharp(Buffer.from(svg)).metadata();

describe.each(Object.entries(charts))("a %s", (name, spec) => {
  it("is well-formed, named for screen readers, and holds its data's labels", async () => {
    const svg = await renderChart(spec);
    expect((await parseSvg(svg)).format).toBe("svg");
    expect(textsOf(svg)).toEqual(expect.arrayContaining([...shownTexts[name as keyof typeof charts]])); // names are its keys
    expect(svg).toMatch(/^<svg role="img" aria-labelledby="(chart-\w+-title)"[^>]*><title id="\1">/);
  });

  it("takes its colours from the page, loads nothing and fits the page's column", async () => {
    const svg = await renderChart(spec);
    expect(svg).toContain('fill="currentColor"');
    expect(svg).toContain("var(--series-1, #");
    expect(svg.replaceAll(/ xmlns(:xlink)?="[^"]*"/g, "")).not.toMatch(/https?:|href=|<style|<script/);
    const width = Number(/ width="(\d+(?:\.\d+)?)"/.exec(svg)?.[1]);
    expect(width).toBeGreaterThan(chartWidthPx - 40);
    expect(width).toBeLessThan(chartWidthPx + 40);
  });

  it("has axis labels that do not touch each other", async () => {
    const svg = await renderChart(spec);
    const groups = [...svg.matchAll(/<g class="mark-text role-axis-label"[^>]*>(.*?)<\/g>/g)];
    expect(groups).toHaveLength(2);
    const touching = groups.flatMap(([, group]) => {
      const boxes = [
        ...group!.matchAll(
          /text-anchor="(\w+)" transform="translate\(([-\d.]+),([-\d.]+)\)"[^>]*opacity="([\d.]+)"[^>]*>([^<]*)</g,
        ),
      ]
        .filter(([, , , , opacity, text]) => opacity !== "0" && text !== "")
        .map(([, anchor, x, y, , text]) => {
          const width = textWidth(text!) * chartFontPx;
          const left = Number(x) - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
          return { text: text!, left, right: left + width, y: Number(y) };
        });
      expect(boxes.length).toBeGreaterThan(1);
      return boxes.flatMap((a, at) =>
        boxes
          .slice(at + 1)
          .filter((b) => Math.abs(a.y - b.y) < chartFontPx && a.left < b.right && b.left < a.right)
          .map((b) => `${a.text} and ${b.text}`),
      );
    });
    expect(touching).toEqual([]);
  });
});

describe("charts", () => {
  it.each([
    ["bars", barChart({ description: "none", valueTitle: "v", bars: [] })],
    ["parts", stackedBarChart({ description: "none", valueTitle: "v", parts: [] })],
    ["values", histogram({ description: "none", valueTitle: "v", series: [{ label: "a", values: [Number.NaN] }] })],
    ["series", histogram({ description: "none", valueTitle: "v", series: [] })],
    ["points", scatterChart({ description: "none", xTitle: "x", yTitle: "y", points: [] })],
  ])("say that there is nothing to show where there are no %s", async (_, spec) => {
    const svg = await renderChart(spec);
    expect(textsOf(svg)).toEqual(["nothing to show"]);
    await parseSvg(svg);
  });

  it("show one value and equal values", async () => {
    const one = histogram({ description: "one", valueTitle: "v", series: [{ label: "a", values: [5, 5, 5] }] });
    expect(textsOf(await renderChart(one))).toEqual(expect.arrayContaining(["3", "v"]));
    const point = { x: 128, y: 128, series: "a" };
    const points = scatterChart({ description: "one", xTitle: "x", yTitle: "y", points: [point, point] });
    expect(textsOf(await renderChart(points))).toContain("128");
  });

  it("escape and shorten names from outside", async () => {
    const bars = [
      { label: hostile, value: 1 },
      { label: "x".repeat(1000), value: 2 },
      { label: "", value: 3 },
    ];
    const svg = await renderChart(barChart({ description: hostile, valueTitle: "v", bars }));
    await parseSvg(svg);
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("\u202e");
    expect(Math.max(...textsOf(svg).map((text) => text.length))).toBeLessThan(60);
  });

  it("have ids of their own, and the same text each time", async () => {
    const clipped = [
      charts["scatter chart"],
      scatterChart({ description: "b", xTitle: "w", yTitle: "h", points: [{ x: 1, y: 1, series: "" }] }),
    ];
    const [first, second] = await Promise.all(clipped.map(renderChart));
    const idsOf = (svg: string): string[] => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(idsOf(first!).length).toBeGreaterThan(1);
    expect(new Set([...idsOf(first!), ...idsOf(second!)]).size).toBe(idsOf(first!).length + idsOf(second!).length);
    for (const [, id] of first!.matchAll(/url\(#([^)]+)\)/g)) expect(idsOf(first!)).toContain(id);
    expect(await renderChart(clipped[0]!)).toBe(first);
  });

  it("draw 100,000 points with a bounded number of marks", async () => {
    const points = Array.from({ length: 100_000 }, (_, at) => ({
      x: spread(at),
      y: spread(3 * at + 1),
      series: `${at % 6}`,
    }));
    const svg = await renderChart(scatterChart({ description: "many", xTitle: "x", yTitle: "y", points }));
    expect(svg.length).toBeLessThan(400_000);
  });

  it("never fetch data", async () => {
    const spec = { data: { url: "http://127.0.0.1:9/data.json" }, mark: "point", encoding: {} } as const;
    await expect(renderChart(spec)).rejects.toThrow("must be inside its specification");
  });
});
