/**
 * Draws one cat or dog face as SVG: what makes the kinds differ is shape alone; colours and
 * patterns are the same for both.
 */
import type { Random } from "../base/random.ts";

export type SampleLabel = "cat" | "dog";

interface Coat {
  readonly fur: string;
  readonly mark: string;
  readonly light: string;
}

/**
 * Fur, its markings, and the lighter fur of muzzle and chest: cats and dogs draw from the same
 * list.
 */
const coats: readonly Coat[] = [
  { fur: "#c98a4b", mark: "#8f5a2a", light: "#f3dfc4" },
  { fur: "#e0b070", mark: "#b07c3c", light: "#fbefd9" },
  { fur: "#8a8f98", mark: "#5d626c", light: "#d9dce1" },
  { fur: "#b9bcc2", mark: "#83878f", light: "#f2f3f5" },
  { fur: "#3f3b3a", mark: "#1f1c1c", light: "#8b827c" },
  { fur: "#5b4032", mark: "#38251b", light: "#b89a80" },
  { fur: "#efe6d8", mark: "#c9b392", light: "#ffffff" },
  { fur: "#f4f4f2", mark: "#565350", light: "#ffffff" },
  { fur: "#d9733a", mark: "#a04a1c", light: "#ffe1c8" },
  { fur: "#76593f", mark: "#f0e6d6", light: "#e6d2b8" },
];
const irises = ["#d8b23c", "#7fae4a", "#5aa0c8", "#8a5a2b", "#5b3a1e", "#b98a3a"];
const darks = ["#2b2320", "#1c1a1c", "#4a322c"];

/**
 * An SVG fragment about the origin: the head is some 100 units wide, ears and muzzle reach to about
 * 75 from the centre.
 */
export function drawFace(label: SampleLabel, random: Random): string {
  const coat = pick(random, coats);
  return label === "cat" ? drawCat(coat, random) : drawDog(coat, random);
}

function drawCat(coat: Coat, random: Random): string {
  const width = between(random, 44, 52);
  const height = between(random, 37, 44);
  const spread = between(random, 0.5, 0.68);
  const tall = between(random, 30, 44);
  const lean = between(random, 0, 10);
  const ear = (side: number): string => {
    const inner = side * width * (spread - 0.42);
    const outer = side * width * (spread + 0.36);
    const tip = side * (width * spread + lean);
    const base = -height * 0.62;
    const outline = (shrink: number): string => {
      const middle = (inner + outer) / 2;
      const x = (at: number): string => round(middle + (at - middle) * shrink);
      return `M${x(inner)} ${round(base - 6)}L${x(tip)} ${round(-height * 0.7 - tall * (1 - (1 - shrink) * 0.7))}L${x(outer)} ${round(base + 22)}Z`;
    };
    const stroke = `stroke="${coat.fur}" stroke-width="5" stroke-linejoin="round"`;
    return `<path d="${outline(1)}" fill="${coat.fur}" ${stroke}/><path d="${outline(0.55)}" fill="#d99a94"/>`;
  };
  const eyeY = between(random, -10, -3);
  const nose = pick(random, ["#d9807c", "#c76a6a", "#3a2c2c", "#8a5550"]);
  const noseY = between(random, 9, 14);
  const mouth = `<path d="M0 ${round(noseY + 6)}v4M-9 ${round(noseY + 12)}q4.5 5 9 -2q4.5 7 9 2" ${line(pick(random, darks), 2)}/>`;
  return [
    ear(-1),
    ear(1),
    oval(0, 0, width, height, coat.fur),
    markings(coat, width, height, random),
    oval(-8, noseY + 8, 12, 10, coat.light) + oval(8, noseY + 8, 12, 10, coat.light),
    eyes({ x: between(random, 18, 23), y: eyeY, width: between(random, 9, 12), slit: random.next() < 0.75 }, random),
    `<path d="M-5.5 ${round(noseY)}h11l-5.5 6.5z" fill="${nose}" stroke="${nose}" stroke-width="2" stroke-linejoin="round"/>`,
    mouth,
    whiskers(noseY + 7, random),
  ].join("");
}

function drawDog(coat: Coat, random: Random): string {
  const width = between(random, 37, 46);
  const height = between(random, 38, 46);
  const muzzleWidth = between(random, 19, 26);
  const muzzleY = between(random, 24, 32);
  const muzzleHeight = between(random, 21, 28);
  const noseWidth = between(random, 9, 13);
  const noseY = muzzleY - muzzleHeight * between(random, 0.35, 0.6);
  const eye = { x: between(random, 15, 20), y: between(random, -14, -7), width: between(random, 6, 8.5), slit: false };
  const muzzle = random.next() < 0.75 ? coat.light : coat.fur;
  const mouthY = noseY + noseWidth * 0.75;
  const tongue = `<path d="M-7 ${round(mouthY + 12)}h14v10a7 8 0 0 1 -14 0z" fill="#e2727c"/>`;
  const { behind, before } = dogEars(coat, width, height, random);
  return [
    behind,
    oval(0, 0, width, height, coat.fur),
    markings(coat, width, height, random),
    oval(0, muzzleY, muzzleWidth, muzzleHeight, muzzle),
    muzzle === coat.fur
      ? `<ellipse cy="${round(muzzleY)}" rx="${round(muzzleWidth)}" ry="${round(muzzleHeight)}" ${line(coat.mark, 1.5)}/>`
      : "",
    random.next() < 0.4 ? tongue : "",
    `<path d="M0 ${round(mouthY)}v7M-13 ${round(mouthY + 9)}q6 7 13 -2q7 9 13 2" ${line(pick(random, darks), 2.5)}/>`,
    eyes(eye, random),
    oval(0, noseY, noseWidth, noseWidth * 0.72, pick(random, darks)),
    oval(-noseWidth * 0.3, noseY - noseWidth * 0.3, noseWidth * 0.25, noseWidth * 0.15, "#8d8482"),
    before,
  ].join("");
}

/**
 * Hanging ears lie over the head, round ones stand out behind it, and some dogs have pointed ones
 * as cats do.
 */
function dogEars(coat: Coat, width: number, height: number, random: Random): { behind: string; before: string } {
  const kind = random.next();
  const fill = random.next() < 0.6 ? coat.mark : coat.fur;
  const both = (ear: (side: number) => string): string => ear(-1) + ear(1);
  if (kind < 0.6) {
    const length = between(random, 44, 68);
    const out = between(random, 12, 24);
    const hanging = (side: number): string => {
      const x = (at: number): string => round(side * at);
      const top = -height * 0.72;
      return `<path d="M${x(width * 0.45)} ${round(top)}C${x(width + out)} ${round(top - 8)} ${x(width + out * 1.4)} ${round(top + length)} ${x(width + 1)} ${round(top + length)}C${x(width - 14)} ${round(top + length)} ${x(width - 2)} ${round(top + 28)} ${x(width * 0.45)} ${round(top)}Z" fill="${fill}" ${stroke(coat.mark)}/>`;
    };
    return { behind: "", before: both(hanging) };
  }
  if (kind < 0.82) {
    const size = between(random, 14, 20);
    const at = between(random, 0.68, 0.85);
    return { behind: both((side) => oval(side * width * at, -height * 0.72, size, size * 1.15, fill)), before: "" };
  }
  const tall = between(random, 26, 38);
  const pointed = (side: number): string =>
    `<path d="M${round(side * width * 0.15)} ${round(-height * 0.8)}Q${round(side * width * 0.5)} ${round(-height - tall)} ${round(side * width * 0.8)} ${round(-height * 0.8 - tall * 0.8)}Q${round(side * width * 1.1)} ${round(-height * 0.6)} ${round(side * width * 0.9)} ${round(-height * 0.2)}Z" fill="${fill}"/>`;
  return { behind: both(pointed), before: "" };
}

interface Eyes {
  /** Each eye's distance from the middle line. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly slit: boolean;
}

/** Both eyes; half of the round ones are all dark, as eyes look from a few steps away. */
function eyes({ x, y, width, slit }: Eyes, random: Random): string {
  const iris = pick(random, irises);
  const dark = pick(random, darks);
  const height = width * between(random, 0.75, 1.05);
  const look = between(random, -0.2, 0.2) * width;
  const plain = !slit && random.next() < 0.5;
  const pupil = slit
    ? { rx: width * between(random, 0.14, 0.26), ry: height * 0.88 }
    : { rx: width * 0.55, ry: width * 0.55 };
  const eye = (at: number): string =>
    oval(at, y, width, height, plain ? dark : iris) +
    (plain ? "" : oval(at + look, y, pupil.rx, Math.min(pupil.ry, height), dark)) +
    oval(at + look - width * 0.25, y - height * 0.35, width * 0.2, width * 0.2, "#ffffff");
  return eye(-x) + eye(x);
}

/**
 * Patterns on the head: plain, stripes, a patch about one eye, a blaze down the middle, a darker
 * cap.
 */
function markings(coat: Coat, width: number, height: number, random: Random): string {
  const kind = random.integer(5);
  if (kind === 1) {
    const count = 3 + 2 * random.integer(2);
    const stripe = (at: number): string => {
      const x = (at - (count - 1) / 2) * (width * 0.2);
      return `<path d="M${round(x)} ${round(-height * 0.9)}q${round(-x * 0.15)} ${round(height * 0.2)} ${round(-x * 0.3)} ${round(height * 0.42)}" ${line(coat.mark, 4)}/>`;
    };
    return Array.from({ length: count }, (_, at) => stripe(at)).join("");
  }
  if (kind === 2) {
    const side = random.next() < 0.5 ? -1 : 1;
    return oval(side * width * 0.46, -height * 0.2, width * 0.4, height * 0.46, coat.mark);
  }
  if (kind === 3) return oval(0, -height * 0.2, width * between(random, 0.12, 0.22), height * 0.72, coat.light);
  if (kind === 4) {
    const edge = round(-height * between(random, 0.1, 0.3));
    const x = width * 0.94;
    return `<path d="M${round(-x)} ${edge}A${round(width)} ${round(height)} 0 0 1 ${round(x)} ${edge}Q0 ${round(-height * 0.5)} ${round(-x)} ${edge}Z" fill="${coat.mark}"/>`;
  }
  return "";
}

function whiskers(y: number, random: Random): string {
  const colour = pick(random, ["#ffffff", "#f0ece6", "#2f2a2a"]);
  const length = between(random, 30, 46);
  const droop = between(random, -4, 6);
  const one = (side: number, at: number): string =>
    `M${round(side * 13)} ${round(y + at * 4)}q${round(side * length * 0.5)} ${round(at * 3 - 3)} ${round(side * length)} ${round(at * 7 + droop)}`;
  const paths = [-1, 1].flatMap((side) => [-1, 0, 1].map((at) => one(side, at)));
  return `<path d="${paths.join("")}" ${line(colour, between(random, 1.2, 2))}/>`;
}

const line = (colour: string, width: number): string =>
  `fill="none" stroke="${colour}" stroke-width="${round(width)}" stroke-linecap="round"`;
const stroke = (colour: string): string => `stroke="${colour}" stroke-width="1.5"`;

export function oval(x: number, y: number, radiusX: number, radiusY: number, fill: string): string {
  return `<ellipse cx="${round(x)}" cy="${round(y)}" rx="${round(radiusX)}" ry="${round(radiusY)}" fill="${fill}"/>`;
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}

/** Two decimals are finer than a pixel at any size that is drawn. */
export function round(value: number): string {
  return value.toFixed(2);
}
