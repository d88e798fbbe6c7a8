/**
 * Seeded, splittable random numbers: a stream is decided by its seed path alone, so taking more
 * numbers in one place never moves another.
 *
 * Generator: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47(4), 2021; https://prng.di.unimi.it/xoshiro128starstar.c). Its 128 bits
 * of state are the first of SHA-256 over the seed path, so that streams of neighbouring seeds and
 * labels have nothing in common.
 */
import { createHash } from "node:crypto";
import { AppError } from "./errors.ts";

export type Seed = number | string;
/** The generator's state: four uint32, not all zero, which xoshiro would never leave. */
type Words = readonly [number, number, number, number];

/**
 * A seeded stream of random numbers; streams split from it are independent of how far it was read.
 */
export interface Random {
  /** A float64 in [0, 1) with 53 random bits. */
  next(): number;
  uint32(): number;
  /** A whole number in [0, bound), every one equally likely; `bound` from 1 to 2^32. */
  integer(bound: number): number;
  /** A sample of the normal distribution with mean 0 and standard deviation 1. */
  normal(): number;
  /** The items in random order, as a new array. */
  shuffle<T>(items: readonly T[]): T[];
  /** The whole numbers 0 .. count-1 in random order. */
  permutation(count: number): Uint32Array;
  /** An independent stream for `label`: the same one whatever was drawn here before. */
  split(label: Seed): Random;
}

/** The stream of `seed`; 1 and "1" are different seeds. */
export function createRandom(seed: Seed): Random {
  return streamOf([seed]);
}

function streamOf(path: readonly Seed[]): Random {
  if (path.some((part) => typeof part === "number" && !Number.isFinite(part))) {
    throw new AppError("INTERNAL", { required: "a finite number or a text as seed", received: path.join(" / ") });
  }
  // JSON keeps ["a", "b"] apart from ["ab"], and 1 apart from "1".
  const digest = createHash("sha256").update(JSON.stringify(path)).digest();
  return streamFrom(path, [
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ]);
}

/** The generator itself, from a state; its splits follow from `path`. */
export function streamFrom(path: readonly Seed[], words: Words): Random {
  let [s0, s1, s2, s3] = words;

  function uint32(): number {
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  function next(): number {
    const high = uint32() >>> 5;
    const low = uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  function integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new AppError("INTERNAL", { required: "a bound from 1 to 2^32", received: `${bound}` });
    }
    // Draws above the last whole multiple of `bound` would favour small results: they are drawn
    // again.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = uint32();
    while (drawn >= limit) drawn = uint32();
    return drawn % bound;
  }

  /**
   * Box and Muller (1958); 1 - u keeps the logarithm's argument in (0, 1]. One of the pair, so that
   * no state is hidden.
   */
  function normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return radius * Math.cos(2 * Math.PI * next());
  }

  /** Fisher-Yates in Durstenfeld's form (CACM 7(7), 1964). */
  function permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = integer(last + 1);
      const moved = order[last]!;
      order[last] = order[other]!;
      order[other] = moved;
    }
    return order;
  }

  return {
    next,
    uint32,
    integer,
    normal,
    permutation,
    shuffle: <T>(items: readonly T[]): T[] => Array.from(permutation(items.length), (index) => items[index]!),
    split: (label) => streamOf([...path, label]),
  };
}
