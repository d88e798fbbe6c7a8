/** How long the answer took, and in which phase. */

import { element } from "../page/element.ts";
import { duration } from "../page/format.ts";
import type { Answer } from "../service/api.ts";

interface Part {
  readonly name: string;
  readonly kind: string;
  readonly ms: number;
}

/**
 * The service's time as a bar of its phases with their numbers, and beside it the round trip as the
 * browser saw it.
 */
export function timingView({ timing, roundTripMs }: Answer): HTMLElement {
  const parts = partsOf(timing);
  const bar = element("div", { class: "phases", "aria-hidden": "true" });
  for (const { kind, ms } of parts) {
    const segment = element("span", { class: kind });
    segment.style.flexGrow = String(ms);
    bar.append(segment);
  }
  const row = (term: string, value: number, kind?: string): HTMLElement =>
    element(
      "div",
      {},
      element("dt", {}, kind !== undefined && element("span", { class: `dot ${kind}`, "aria-hidden": "true" }), term),
      element("dd", {}, duration(value)),
    );
  return element(
    "section",
    { class: "timing", "aria-label": "Time" },
    parts.length > 0 && bar,
    element(
      "dl",
      {},
      ...parts.map(({ name, kind, ms }) => row(name, ms, kind)),
      timing.total !== undefined && row("In the service", timing.total),
      row("Round trip", roundTripMs),
    ),
  );
}

function partsOf({ decode, queue, inference, total }: Answer["timing"]): readonly Part[] {
  const named = [
    { name: "Decode", kind: "decode", ms: decode },
    { name: "Queue", kind: "queue", ms: queue },
    { name: "Inference", kind: "inference", ms: inference },
  ].filter((part): part is Part => part.ms !== undefined);
  const rest = (total ?? 0) - named.reduce((sum, { ms }) => sum + ms, 0);
  return rest > 0 ? [...named, { name: "Other", kind: "other", ms: rest }] : named;
}
