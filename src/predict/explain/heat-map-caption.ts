/** What stands below a heat map: the class, its probability, and what the colours mean. */
import { shortenToWidth, textWidth } from "../../base/text-width.ts";
import { visibleText } from "../../base/visible-text.ts";
import { lineOfText, textStrip } from "../../image/text-strip.ts";
import { heatOver } from "./blend-heat.ts";

export interface HeatMapCaption {
  /** The class that is explained, and its probability, 0 to 1. */
  readonly label: string;
  readonly probability: number;
  /** The predicted class. */
  readonly predicted: string;
}

interface Remarks {
  /** The model saw a part of the picture alone. */
  readonly isCut: boolean;
  /** Any place speaks for the class. */
  readonly hasEvidence: boolean;
}

const marginPx = 8;
const scaleSteps = 16;

/** An SVG of this width for the place below the picture. */
export function captionStrip(
  { label, probability, predicted }: HeatMapCaption,
  width: number,
  { isCut, hasEvidence }: Remarks,
): { readonly svg: Buffer; readonly height: number } {
  const titlePx = Math.min(22, Math.max(14, Math.round(width / 32)));
  const notePx = Math.round(titlePx * 0.8);
  const room = width - 2 * marginPx;
  const percent = `${(100 * probability).toFixed(2)} %`;
  // A long label is cut, the figure behind it never.
  const name = shortenToWidth(visibleText(label), Math.max(2, room / titlePx - 1.1 * textWidth(`  ${percent}`)) / 1.1);
  const lines: string[] = [];
  let top = marginPx / 2;
  const add = (element: string, fontPx: number): void => {
    lines.push(element);
    top += Math.ceil(fontPx * 1.6);
  };
  const box = { left: marginPx, width: room };
  const note = (text: string): void => add(lineOfText({ ...box, text, top, fontPx: notePx, isMuted: true }), notePx);
  add(lineOfText({ ...box, text: `${name}  ${percent}`, top, fontPx: titlePx, isBold: true }), titlePx);
  if (predicted !== label) note(`The model's answer is ${predicted}.`);
  if (hasEvidence) add(colourScale(top, room, notePx), notePx);
  else note("Nothing in the picture speaks for this class.");
  if (isCut) note("Beyond the dashed line: not seen by the model.");
  const height = Math.ceil(top + marginPx / 2);
  return { svg: textStrip({ width, height }, lines), height };
}

/** The colours from no evidence to the most, over the grey of a paled picture. */
function colourScale(top: number, room: number, fontPx: number): string {
  const [from, to] = ["no evidence", "the most"];
  const barWidth = Math.min(12 * fontPx, room - (textWidth(from) + textWidth(to) + 2) * fontPx);
  const barLeft = marginPx + (textWidth(from) + 0.5) * fontPx;
  const stepWidth = barWidth / scaleSteps;
  const steps = Array.from({ length: scaleSteps }, (_, step) => {
    const colour = heatOver([200, 200, 200], step / (scaleSteps - 1)).join(",");
    const x = (barLeft + step * stepWidth).toFixed(1);
    return `<rect x="${x}" y="${top + 0.35 * fontPx}" width="${(stepWidth + 0.5).toFixed(1)}" height="${fontPx}" fill="rgb(${colour})"/>`;
  });
  const text = { top, fontPx, isMuted: true } as const;
  return [
    lineOfText({ ...text, text: from, left: marginPx, width: (textWidth(from) + 0.5) * fontPx }),
    ...steps,
    lineOfText({ ...text, text: to, left: barLeft + barWidth + 0.6 * fontPx, width: (textWidth(to) + 1) * fontPx }),
  ].join("");
}
