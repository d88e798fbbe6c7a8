import { describe, expect, it } from "vitest";
import { type Palette, paletteVariables, seriesColour, theme } from "./theme.ts";

/** Linear red, green, blue of `#rrggbb`, 0 to 1 (sRGB, IEC 61966-2-1). */
function linear(hex: string): [number, number, number] {
  const channel = (at: number): number => {
    const level = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** Contrast ratio of WCAG 2, 1 to 21. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

/**
 * CIE L*a*b* of a colour as people without green (deuteranopia) or red (protanopia) receptors see
 * it (Viénot et al. 1999).
 */
function seenLab(hex: string, lacking: "none" | "red" | "green"): [number, number, number] {
  const matrices = {
    none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    red: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
    green: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
  };
  const times = (m: readonly number[], v: readonly number[]): [number, number, number] => {
    const row = (at: number): number => m[at]! * v[0]! + m[at + 1]! * v[1]! + m[at + 2]! * v[2]!;
    return [row(0), row(3), row(6)];
  };
  const toXyz = [0.4339, 0.3762, 0.1899, 0.2126, 0.7152, 0.0722, 0.0177, 0.1095, 0.8729];
  const [x, y, z] = times(toXyz, times(matrices[lacking], linear(hex))).map((t) =>
    t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116,
  ) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe.each(["light", "dark"] as const)("the %s palette", (mode) => {
  const palette: Palette = theme[mode];

  it("has text that is read on the page and on tiles: 4.5 to 1", () => {
    for (const ground of [palette.background, palette.surface]) {
      for (const colour of ["text", "muted", "link", "error", "warning", "note", "good"] as const) {
        expect(contrast(palette[colour], ground), `${colour} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("has series that stand out from the page: 3 to 1", () => {
    for (const colour of palette.series) expect(contrast(colour, palette.background), colour).toBeGreaterThanOrEqual(3);
  });

  it.each(["none", "red", "green"] as const)(
    "has series that differ to eyes that lack receptors for: %s",
    (lacking) => {
      const labs = palette.series.map((colour) => seenLab(colour, lacking));
      const differences = labs.flatMap((a, i) =>
        labs.slice(i + 1).map((b, j) => ({
          pair: `${palette.series[i]} ${palette.series[i + 1 + j]}`,
          difference: Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]),
        })),
      );
      // A CIE76 difference of 2.3 is just noticed; 12 is told apart in small areas.
      for (const { pair, difference } of differences) expect(difference, pair).toBeGreaterThan(12);
    },
  );
});

it("has as many series in both palettes, and begins anew after the last", () => {
  expect(theme.dark.series).toHaveLength(theme.light.series.length);
  expect(seriesColour(theme.light.series.length)).toBe(seriesColour(0));
  expect(paletteVariables(theme.dark)).toContain(`--series-1: ${theme.dark.series[0]};`);
});
