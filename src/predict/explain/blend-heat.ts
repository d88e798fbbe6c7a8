/** Heat over the colours of a picture. */
import { heatColour } from "../../image/colour-scale.ts";
import type { Colour } from "../../image/decode.ts";
import type { PixelSize } from "./heat-map.ts";

/** In place of a level from 0 to 255: the model did not see this pixel. */
export const unseenLevel = -1;

/** How far the hottest place covers the picture. */
const opacity = 0.8;
/** How much of its own colour the picture keeps, so that an orange cat is not taken for heat. */
const saturation = 0.35;
/** How much of a pixel that the model did not see is left on white. */
const unseenShare = 0.35;
const dashPx = 5;
const dashColour: Colour = [91, 102, 117];

/** The colour of heat from 0 to 1 over another colour, covered as far as it is hot. */
export function heatOver(colour: Colour, heat: number): Colour {
  const hot = heatColour(heat);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(colour[channel] + opacity * heat * (hot[channel] - colour[channel]));
  return [mix(0), mix(1), mix(2)];
}

/**
 * `base` `[height,width,3]` under heat `[height,width]`, 0 to 255 or `unseenLevel`; a dashed line
 * where the model's view ends.
 */
export function blendHeat(base: Uint8Array, levels: Int16Array, { width }: PixelSize): Buffer {
  const hot = Array.from({ length: 256 }, (_, level) => heatColour(level / 255));
  const result = Buffer.alloc(base.length);
  // By index: the iterator alone would take most of the time, and the service's event loop waits.
  for (let place = 0; place < levels.length; place++) {
    const level = levels[place]!;
    const at = 3 * place;
    const isUnseen = level === unseenLevel;
    if (isUnseen && isDash(levels, place, width)) {
      result.set(dashColour, at);
      continue;
    }
    // Luma as ITU-R BT.601 weighs it.
    const grey = 0.299 * base[at]! + 0.587 * base[at + 1]! + 0.114 * base[at + 2]!;
    for (let channel = 0; channel < 3; channel++) {
      const pale = grey + saturation * (base[at + channel]! - grey);
      result[at + channel] = isUnseen
        ? 255 + unseenShare * (pale - 255)
        : Math.round(pale + ((opacity * level) / 255) * (hot[level]![channel]! - pale));
    }
  }
  return result;
}

/** Whether an unseen pixel is part of the dashed line around the seen ones. */
function isDash(levels: Int16Array, place: number, width: number): boolean {
  const column = place % width;
  const isSeen = (at: number): boolean => at >= 0 && at < levels.length && levels[at] !== unseenLevel;
  const isEdge =
    (column > 0 && isSeen(place - 1)) ||
    (column < width - 1 && isSeen(place + 1)) ||
    isSeen(place - width) ||
    isSeen(place + width);
  return isEdge && Math.floor((column + Math.floor(place / width)) / dashPx) % 2 === 0;
}
