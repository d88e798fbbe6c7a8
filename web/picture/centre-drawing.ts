/** Centres and scales a drawing as MNIST's digits are. */

/**
 * The share of the frame that the longer side of a drawing fills. Handwritten digits are fitted
 * into 20 of 28 pixels.
 * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits,
 * http://yann.lecun.com/exdb/mnist/
 */
const filledShare = 20 / 28;
/** Darker pixels are background; of 255. */
const ink = 32;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** The centre of mass, in pixels. */
  readonly massX: number;
  readonly massY: number;
}

/**
 * Draws `from` onto `to`: scaled to the usual size, its centre of mass in the middle, black around
 * it.
 */
export function centreDrawing(from: HTMLCanvasElement, to: HTMLCanvasElement): void {
  const source = from.getContext("2d");
  const target = to.getContext("2d");
  if (source === null || target === null) return;
  target.fillStyle = "#000";
  target.fillRect(0, 0, to.width, to.height);
  const box = inkedBox(source.getImageData(0, 0, from.width, from.height));
  if (box === undefined) return;
  const [width, height] = [box.right - box.left + 1, box.bottom - box.top + 1];
  const scale = Math.min((to.width * filledShare) / width, (to.height * filledShare) / height);
  const x = to.width / 2 - (box.massX - box.left) * scale;
  const y = to.height / 2 - (box.massY - box.top) * scale;
  target.imageSmoothingQuality = "high";
  target.drawImage(from, box.left, box.top, width, height, x, y, width * scale, height * scale);
}

/** Where the ink is; undefined on an empty pad. `data` is RGBA, all three colours alike. */
function inkedBox({ data, width, height }: Pick<ImageData, "data" | "width" | "height">): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = data[(y * width + x) * 4] ?? 0;
      if (value < ink) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
      mass += value;
      sumX += value * x;
      sumY += value * y;
    }
  }
  return mass === 0 ? undefined : { left, top, right, bottom, massX: sumX / mass, massY: sumY / mass };
}
