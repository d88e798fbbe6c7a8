/** Puts a drawn face before a background, in some pose: the whole SVG of one sample picture. */
import type { Random } from "../base/random.ts";
import { between, drawFace, oval, pick, round, type SampleLabel } from "./sample-face.ts";

/** The scene's own units: every picture is drawn on 100 x 100 and rendered at any size. */
const side = 100;

/** An SVG of `sizePx` x `sizePx` pixels. */
export function drawScene(label: SampleLabel, sizePx: number, random: Random): string {
  const scale = between(random, 0.46, 0.68);
  const x = side / 2 + between(random, -12, 12);
  const y = side / 2 + between(random, -9, 9);
  const angle = Math.max(-40, Math.min(40, random.normal() * 14));
  const squash = between(random, 0.92, 1.08);
  const mirror = random.next() < 0.5 ? -1 : 1;
  const pose = `translate(${round(x)} ${round(y)}) rotate(${round(angle)}) scale(${round(scale * squash * mirror)} ${round(scale / squash)})`;
  const face = drawFace(label, random.split("face"));
  const content = `${background(random.split("background"))}<g transform="${pose}">${face}</g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${sizePx}" height="${sizePx}" viewBox="0 0 ${side} ${side}">${content}</svg>`;
}

function background(random: Random): string {
  const ground = `<rect width="${side}" height="${side}" fill="${colour(random)}"/>`;
  const kind = random.next();
  if (kind < 0.2) return ground;
  if (kind < 0.45) return gradient(random);
  if (kind < 0.65) return gradient(random) + shapes(random);
  if (kind < 0.85) return ground + shapes(random);
  return ground + bands(random);
}

/** Any hue, mostly muted, from dark to light. */
function colour(random: Random): string {
  const saturation = between(random, 5, 65);
  return `hsl(${random.integer(360)},${round(saturation)}%,${round(between(random, 18, 85))}%)`;
}

function gradient(random: Random): string {
  const angle = random.integer(360);
  return `<linearGradient id="g" gradientTransform="rotate(${angle} .5 .5)"><stop stop-color="${colour(random)}"/><stop offset="1" stop-color="${colour(random)}"/></linearGradient><rect width="${side}" height="${side}" fill="url(#g)"/>`;
}

/**
 * Circles, boxes and triangles: triangles too, so that a point against the background is no sign of
 * a cat.
 */
function shapes(random: Random): string {
  const one = (): string => {
    const x = between(random, -5, side + 5);
    const y = between(random, -5, side + 5);
    const size = between(random, 6, 22);
    const fill = colour(random);
    const kind = random.integer(3);
    if (kind === 0) return oval(x, y, size, size * between(random, 0.5, 1), fill);
    const turn = `transform="rotate(${random.integer(360)} ${round(x)} ${round(y)})" fill="${fill}"`;
    if (kind === 1)
      return `<rect x="${round(x - size)}" y="${round(y - size / 2)}" width="${round(2 * size)}" height="${round(size)}" ${turn}/>`;
    return `<path d="M${round(x)} ${round(y - size)}l${round(size)} ${round(size * 1.6)}h${round(-2 * size)}z" ${turn}/>`;
  };
  return Array.from({ length: 3 + random.integer(6) }, one).join("");
}

function bands(random: Random): string {
  const width = between(random, 6, 18);
  const fill = colour(random);
  const count = Math.ceil((side * 2) / (2 * width));
  const one = (_: unknown, at: number): string =>
    `<rect x="${round(-side / 2 + at * 2 * width)}" y="-50" width="${round(width)}" height="200" fill="${fill}"/>`;
  const angle = pick(random, [0, 30, 45, 90, 120, 150]);
  return `<g transform="rotate(${angle} 50 50)">${Array.from({ length: count }, one).join("")}</g>`;
}
