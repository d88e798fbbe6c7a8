import { describe, expect, it } from "vitest";
import { heatColour } from "./colour-scale.ts";

/** Relative luminance. Source: WCAG 2.2, from sRGB (IEC 61966-2-1). */
function luminance(value: number): number {
  const [r, g, b] = heatColour(value).map((level) => ((level / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

describe("the colour scale for heat", () => {
  it("grows lighter with every step, so that it reads without colour too", () => {
    const lights = Array.from({ length: 65 }, (_, step) => luminance(step / 64));
    for (let step = 1; step < lights.length; step++) expect(lights[step]).toBeGreaterThan(lights[step - 1]!);
  });

  it("runs from black to pale yellow and stays at its ends beyond", () => {
    expect(heatColour(0)).toEqual([0, 0, 4]);
    expect(heatColour(1)).toEqual([252, 255, 164]);
    expect(heatColour(-3)).toEqual(heatColour(0));
    expect(heatColour(7)).toEqual(heatColour(1));
  });

  it("mixes between its steps", () => {
    expect(heatColour(0.5)).toEqual([186, 56, 83]);
  });
});
