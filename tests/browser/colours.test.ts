import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { theme } from "../../src/report/charts/theme.ts";

const css = readFileSync(fileURLToPath(new URL("../../web/styles/colours.css", import.meta.url)), "utf8");

/** The variables of each block, in their order: light, dark by the switch, dark by the system. */
const blocks = [...css.matchAll(/\{([^{}]*--background[^{}]*)\}/g)].map(([, body = ""]) =>
  Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#\w{6})/g)].map(([, name, value]) => [name, value])),
);
const [light, dark, systemDark] = blocks;

it.each([
  ["light", light, theme.light],
  ["dark", dark, theme.dark],
])("takes the report's colours: %s", (_name, block, { series, ...palette }) => {
  const known: Record<string, string> = { ...palette };
  series.forEach((colour, index) => {
    known[`series-${index + 1}`] = colour;
  });
  const { "on-accent": _own, ...shared } = block!;
  expect(Object.keys(shared).length).toBeGreaterThan(8);
  for (const [name, colour] of Object.entries(shared)) expect([name, colour]).toEqual([name, known[name]]);
});

it("is equally dark by the switch and by the system", () => {
  expect(systemDark).toEqual(dark);
});

it.each([
  ["light", light],
  ["dark", dark],
])("keeps every text readable: at least 4.5 to 1 (WCAG 2.2, AA), %s", (_name, block) => {
  const colours = block!;
  for (const ground of ["background", "surface"]) {
    for (const text of ["text", "muted", "link", "error", "good"]) {
      expect(contrast(colours[text]!, colours[ground]!), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  }
  expect(contrast(colours["on-accent"]!, colours.link!)).toBeGreaterThanOrEqual(4.5);
});

/** Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
