/** Finds pictures that are nearly the same, without comparing each with each. */
import { colourDistance, hashBits, hashDistance } from "../image/perceptual-hash.ts";

/** Two pictures, by position, the lower first. */
export interface NearPair {
  readonly a: number;
  readonly b: number;
  /** Differing bits of the frequency hash, 0 to 128. */
  readonly distance: number;
}

const bandBits = 16;
const bands = hashBits / bandBits;

/**
 * At most so many differing bits. Eight bands of 16 bits: with 7 or fewer differing bits one band
 * is certainly equal, with 12 nearly always (the bits of one picture's copies do not differ
 * independently).
 */
const maximumBits = 12;

/** At most so much difference of the 8 x 8 colours. */
const maximumColour = 8;

/** Fingerprints by position: an array of them, or anything that gives them like one. */
export interface Fingerprints {
  readonly length: number;
  at(index: number): Uint8Array | undefined;
}

/**
 * Pairs of pictures whose fingerprints are close: not all such pairs, but enough to join each
 * series of them into one group (`groupPairs`). A fingerprint is filed under each of its bands and
 * compared with those that stand there, until one is close. No more than the last 1,024 of a shelf
 * are looked at, so the work grows with the number of pictures, not with its square, whatever the
 * pictures are.
 */
export function findNearDuplicates(fingerprints: Fingerprints): readonly NearPair[] {
  const pairs = new Map<number, NearPair>();
  // A shelf is a chain: the last position on it, and for each position the one before.
  const lasts = new Int32Array(2 ** bandBits);
  const before = new Int32Array(fingerprints.length);
  for (let band = 0; band < bands; band++) {
    lasts.fill(-1);
    for (let b = 0; b < fingerprints.length; b++) {
      const fingerprint = fingerprints.at(b);
      if (fingerprint === undefined) continue;
      const key = fingerprint[2 * band]! | (fingerprint[2 * band + 1]! << 8);
      for (let a = lasts[key]!, looks = 0; a >= 0 && looks < shelfLimit; a = before[a]!, looks++) {
        const distance = distanceOf(fingerprints.at(a)!, fingerprint);
        if (distance === undefined) continue;
        pairs.set(a * fingerprints.length + b, { a, b, distance });
        break;
      }
      before[b] = lasts[key]!;
      lasts[key] = b;
    }
  }
  return [...pairs.values()].sort((p, q) => p.a - q.a || p.b - q.b);
}

const shelfLimit = 1024;

/** Differing bits; undefined where they or the colours say that these are two pictures. */
function distanceOf(first: Uint8Array, second: Uint8Array): number | undefined {
  const distance = hashDistance(first, second);
  return distance > maximumBits || colourDistance(first, second) > maximumColour ? undefined : distance;
}

/**
 * Groups of two or more positions below `count` that pairs connect, directly or through others;
 * both levels ascending.
 */
export function groupPairs(count: number, pairs: Iterable<Pick<NearPair, "a" | "b">>): number[][] {
  const parents = Int32Array.from({ length: count }, (_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root]!;
    // Hang what was passed directly under the root, so that the next way is short.
    for (let step = at; step !== root; ) {
      const next = parents[step]!;
      parents[step] = root;
      step = next;
    }
    return root;
  };
  for (const { a, b } of pairs) {
    const [low, high] = [rootOf(a), rootOf(b)].sort((p, q) => p - q) as [number, number]; // two roots
    parents[high] = low;
  }
  const groups = new Map<number, number[]>();
  for (let at = 0; at < count; at++) {
    const root = rootOf(at);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [at]);
    else group.push(at);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
