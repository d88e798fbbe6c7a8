/**
 * Fonts and colours of pages and charts: one light and one dark set, chosen by the reader's system.
 */

export interface Palette {
  readonly background: string;
  /** Of tiles and cards. */
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly link: string;
  readonly error: string;
  readonly warning: string;
  readonly note: string;
  readonly good: string;
  /**
   * Told apart by people with any of the common colour blindnesses, by lightness where hue fails.
   */
  readonly series: readonly string[];
}

interface Theme {
  readonly fonts: { readonly text: string; readonly code: string };
  readonly light: Palette;
  readonly dark: Palette;
}

export const theme: Theme = {
  fonts: {
    text: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
    code: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  },
  light: {
    background: "#ffffff",
    surface: "#f6f7f9",
    text: "#1c2430",
    muted: "#5b6675",
    line: "#dfe3e8",
    link: "#1f5fae",
    error: "#b3261e",
    warning: "#8f5700",
    note: "#4c6178",
    good: "#1a7352",
    series: ["#2166ac", "#d9730d", "#0f8f76", "#b8579f", "#5f4c00", "#434f5e"],
  },
  dark: {
    background: "#15181d",
    surface: "#1e2229",
    text: "#e6e9ee",
    muted: "#a0a9b6",
    line: "#333a45",
    link: "#86b7f5",
    error: "#ff8f85",
    warning: "#f0b357",
    note: "#a5b9d0",
    good: "#6fd0a8",
    series: ["#5fa2e6", "#f4a259", "#2fb799", "#d987c5", "#efe27a", "#b9c4d0"],
  },
};

/**
 * The colour of a chart's series, counted from 0, as CSS: the page's variable, and the light colour
 * where an SVG stands by itself. After the last one it begins anew.
 */
export function seriesColour(index: number): string {
  const { series } = theme.light;
  const at = index % series.length;
  return `var(--series-${at + 1}, ${series[at]})`;
}

/** The variables of a palette, as the body of a CSS rule. */
export function paletteVariables({ series, ...colours }: Palette): string {
  return [
    ...Object.entries(colours).map(([name, colour]) => `--${name}: ${colour};`),
    ...series.map((colour, index) => `--series-${index + 1}: ${colour};`),
  ].join(" ");
}
