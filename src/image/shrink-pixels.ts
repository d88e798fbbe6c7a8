/** Downsizes pictures by averaging, for training stages with smaller pictures. */

export interface PlaneSize {
  readonly height: number;
  readonly width: number;
}

/**
 * What each output pixel of one axis takes from the input: `count` pixels from `start` on, and
 * their shares, which add up to 1.
 */
interface Span {
  readonly start: number;
  readonly shares: Float64Array;
}

export type Shrinker = (pixels: Uint8Array, into: Uint8Array) => void;

/**
 * A function that makes uint8 `[N,H,W,C]` of size `from` into `[N,h,w,C]` of size `to`, which is
 * nowhere larger. An output pixel is the mean of the area that it covers, rounded; each axis by
 * itself. The same bytes give the same bytes on every machine.
 */
export function createShrinker(from: PlaneSize, to: PlaneSize, channels: number): Shrinker {
  const rows = spansOf(from.height, to.height);
  const columns = spansOf(from.width, to.width);
  const inputRow = from.width * channels;
  const outputRow = to.width * channels;
  const line = new Float64Array(inputRow);
  return (pixels, into) => {
    const count = pixels.length / (from.height * inputRow);
    for (let picture = 0; picture < count; picture++) {
      const base = picture * from.height * inputRow;
      let at = picture * to.height * outputRow;
      for (const { start, shares } of rows) {
        line.fill(0);
        for (let row = 0; row < shares.length; row++) {
          const share = shares[row]!;
          const first = base + (start + row) * inputRow;
          for (let index = 0; index < inputRow; index++) line[index]! += share * pixels[first + index]!;
        }
        for (const span of columns) {
          for (let channel = 0; channel < channels; channel++) {
            let mean = 0.5;
            for (let column = 0; column < span.shares.length; column++) {
              mean += span.shares[column]! * line[(span.start + column) * channels + channel]!;
            }
            into[at++] = mean;
          }
        }
      }
    }
  };
}

function spansOf(from: number, to: number): readonly Span[] {
  const ratio = from / to;
  return Array.from({ length: to }, (_, index) => {
    const [first, end] = [index * ratio, (index + 1) * ratio];
    const start = Math.floor(first);
    const shares = new Float64Array(Math.min(from, Math.ceil(end - 1e-9)) - start);
    for (let at = 0; at < shares.length; at++) {
      shares[at] = (Math.min(end, start + at + 1) - Math.max(first, start + at)) / ratio;
    }
    return { start, shares };
  });
}
