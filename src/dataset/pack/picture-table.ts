/**
 * Stored pictures in columns: about 360 bytes each instead of 1,500 as objects, which keeps memory
 * low while packing.
 */
import { fingerprintBytes } from "../../image/perceptual-hash.ts";
import { type Sample, type Split, splits } from "../sources/source.ts";

/** What a source says of a picture before it is read. */
export type ListedPicture = Pick<Sample, "id" | "label" | "split" | "stamp">;

/** What is known of a picture once its pixels are in a store. */
export interface StoredFacts {
  /** Where its pixels stand in the store. */
  readonly row: number;
  /** SHA-256 of the file, or of the pixels where they came without one. */
  readonly hash: string;
  /** CRC-32 of the packed pixels. */
  readonly crc: number;
  /** Of the packed pixels; see `fingerprintOf`. */
  readonly fingerprint?: Uint8Array;
}

export type StoredPicture = ListedPicture & StoredFacts;

const hashBytes = 32;
/** In place of a row, for a picture whose pixels are not there. */
const noRow = 2 ** 32 - 1;
/** Rows are below it. */
export const rowLimit = noRow;

export class PictureTable {
  readonly #ids: string[] = [];
  readonly #labels: string[] = [];
  readonly #stamps: string[] = [];
  #splits = new Uint8Array(0);
  #rows = new Uint32Array(0);
  #crcs = new Uint32Array(0);
  #hashes = Buffer.alloc(0);
  #prints = Buffer.alloc(0);
  #hasPrint = new Uint8Array(0);

  /** Room for `capacity` pictures; it grows where they are more. */
  constructor(capacity = 0) {
    this.#reserve(capacity);
  }

  get length(): number {
    return this.#ids.length;
  }

  /** A picture that is known by its source alone, until `store` says where its pixels are. */
  list({ id, label, split, stamp }: ListedPicture): void {
    const at = this.length;
    if (at >= this.#rows.length) this.#reserve(Math.max(1024, 2 * at));
    this.#ids.push(id);
    this.#labels.push(label);
    this.#stamps.push(stamp);
    // 0 stands for no given split.
    this.#splits[at] = split === undefined ? 0 : 1 + splits.indexOf(split);
    this.#rows[at] = noRow;
    this.#hasPrint[at] = 0;
  }

  store(at: number, { row, hash, crc, fingerprint }: StoredFacts): void {
    this.#rows[at] = row;
    this.#crcs[at] = crc;
    this.#hashes.write(hash, at * hashBytes, "hex");
    this.#hasPrint[at] = Number(fingerprint !== undefined);
    if (fingerprint) this.#prints.set(fingerprint, at * fingerprintBytes);
  }

  add(picture: StoredPicture): void {
    this.list(picture);
    this.store(this.length - 1, picture);
  }

  isStored(at: number): boolean {
    return this.#rows[at] !== noRow;
  }

  /** Drops the pictures that were listed and never stored; the others keep their order. */
  dropUnstored(): void {
    let end = 0;
    for (let at = 0; at < this.length; at++) {
      if (!this.isStored(at)) continue;
      if (at > end) this.#move(at, end);
      end++;
    }
    for (const column of [this.#ids, this.#labels, this.#stamps]) column.length = end;
  }

  #move(from: number, to: number): void {
    for (const column of [this.#ids, this.#labels, this.#stamps]) column[to] = column[from]!;
    for (const column of [this.#splits, this.#rows, this.#crcs, this.#hasPrint]) column[to] = column[from]!;
    this.#hashes.copyWithin(to * hashBytes, from * hashBytes, (from + 1) * hashBytes);
    this.#prints.copyWithin(to * fingerprintBytes, from * fingerprintBytes, (from + 1) * fingerprintBytes);
  }

  /** The picture at a position from 0 to `length` - 1; its fingerprint is a part of the table. */
  get(at: number): StoredPicture {
    const split = this.split(at);
    const fingerprint = this.fingerprint(at);
    return {
      id: this.#ids[at]!,
      label: this.#labels[at]!,
      ...(split && { split }),
      stamp: this.#stamps[at]!,
      row: this.#rows[at]!,
      hash: this.hash(at),
      crc: this.#crcs[at]!,
      ...(fingerprint && { fingerprint }),
    };
  }

  id(at: number): string {
    return this.#ids[at]!;
  }

  stamp(at: number): string {
    return this.#stamps[at]!;
  }

  row(at: number): number {
    return this.#rows[at]!;
  }

  crc(at: number): number {
    return this.#crcs[at]!;
  }

  split(at: number): Split | undefined {
    return splits[this.#splits[at]! - 1];
  }

  label(at: number): string {
    return this.#labels[at]!;
  }

  hash(at: number): string {
    return this.#hashes.toString("hex", at * hashBytes, (at + 1) * hashBytes);
  }

  fingerprint(at: number): Uint8Array | undefined {
    if (this.#hasPrint[at] !== 1) return undefined;
    return this.#prints.subarray(at * fingerprintBytes, (at + 1) * fingerprintBytes);
  }

  /** The first row that no picture has. */
  get freeRow(): number {
    return this.#rows
      .subarray(0, this.length)
      .reduce((most, row) => (row === noRow ? most : Math.max(most, row + 1)), 0);
  }

  *[Symbol.iterator](): Generator<StoredPicture> {
    for (let at = 0; at < this.length; at++) yield this.get(at);
  }

  #reserve(capacity: number): void {
    const grow = (old: Uint8Array, size: number): Buffer<ArrayBuffer> => {
      const grown = Buffer.alloc(size);
      grown.set(old);
      return grown;
    };
    const growWords = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(capacity);
      grown.set(old);
      return grown;
    };
    this.#splits = grow(this.#splits, capacity);
    this.#rows = growWords(this.#rows);
    this.#crcs = growWords(this.#crcs);
    this.#hashes = grow(this.#hashes, capacity * hashBytes);
    this.#prints = grow(this.#prints, capacity * fingerprintBytes);
    this.#hasPrint = grow(this.#hasPrint, capacity);
  }
}
