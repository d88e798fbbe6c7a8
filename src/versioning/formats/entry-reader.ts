/** Reads the maps of `.dvc` files and `dvc.lock`: every key is known, and refused by name if not. */
import { AppError } from "../../base/errors.ts";
import type { DataEntry, DataHash } from "../data-hash.ts";
import type { ParamMap, ParamValue } from "./param-value.ts";

const largestBytes = 64 << 20;

/** Errors: DATA_FILE_INVALID for bytes that are no UTF-8, and for more than 64 MiB. */
export function textOf(bytes: Uint8Array, where: string): string {
  if (bytes.byteLength > largestBytes) throw fault("at most 64 MiB", `${bytes.byteLength} bytes`, where);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fault("text in UTF-8", "other bytes", where);
  }
}

function fault(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FILE_INVALID", { required, received, where });
}

/** A value in the words of a message. */
export function described(value: ParamValue): string {
  if (value === null) return "nothing";
  if (value instanceof Map) return "a mapping";
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? `'${value.slice(0, 60)}'` : String(value);
}

/** Keys that are of DVC and not of Pawprint, with what they are. */
const foreignKeys = new Map([
  ["files", "cloud versions"],
  ["cloud", "cloud versions"],
  ["version_id", "cloud versions"],
]);

/** Errors: DATA_FILE_INVALID where it is no map. `what` names it in messages. */
export function readerOf(value: ParamValue, where: string, what: string): EntryReader {
  if (value === null) return new EntryReader(new Map(), where);
  if (value instanceof Map) return new EntryReader(value, where);
  throw fault(`${what} as a mapping`, described(value), where);
}

export class EntryReader {
  readonly #map: ParamMap;
  readonly #where: string;
  readonly #read = new Set<string>();

  constructor(map: ParamMap, where: string) {
    this.#map = map;
    this.#where = where;
  }

  has(key: string): boolean {
    return this.#map.has(key);
  }

  #get(key: string): ParamValue | undefined {
    this.#read.add(key);
    return this.#map.get(key);
  }

  text(key: string): string | undefined {
    const value = this.#get(key);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value;
    if (typeof value === "bigint") return String(value);
    throw fault(`a text under '${key}'`, described(value), this.#where);
  }

  flag(key: string, preset: boolean): boolean {
    const value = this.#get(key) ?? preset;
    if (typeof value === "boolean") return value;
    throw fault(`true or false under '${key}'`, described(value), this.#where);
  }

  count(key: string): number | undefined {
    const value = this.#get(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "bigint" && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw fault(`a whole number under '${key}'`, described(value), this.#where);
  }

  map(key: string): ParamMap | undefined {
    const value = this.#get(key);
    if (value === undefined || value === null) return undefined;
    if (value instanceof Map) return value;
    throw fault(`a mapping under '${key}'`, described(value), this.#where);
  }

  list(key: string): readonly EntryReader[] {
    const value = this.#get(key);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw fault(`${key} as a list of mappings with a path`, described(value), this.#where);
    return value.map((row: ParamValue) => {
      if (row instanceof Map) return new EntryReader(row, this.#where);
      throw fault(`${key} as a list of mappings with a path`, described(row), this.#where);
    });
  }

  /** Those of the keys that are there, whatever they hold. */
  annotations(keys: readonly string[]): ParamMap {
    return new Map(
      keys.flatMap((key) => {
        const value = this.#get(key);
        return value === undefined || value === null ? [] : [[key, value] as const];
      }),
    );
  }

  /** Path, hash, size, number of files, executable. */
  entry(): DataEntry {
    const path = this.text("path");
    if (path === undefined) throw fault("a path", "none", this.#where);
    if (path.includes("\0")) throw fault("a path without a NUL character", "one with it", this.#where);
    const hash = this.#hash();
    const sizeBytes = this.count("size");
    const fileCount = this.count("nfiles");
    const isExecutable = this.flag("isexec", false);
    return {
      path,
      ...(hash !== undefined && { hash }),
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(fileCount !== undefined && { fileCount }),
      ...(isExecutable && { isExecutable }),
    };
  }

  #hash(): DataHash | undefined {
    const algorithm = this.text("hash");
    if (algorithm !== undefined && algorithm !== "md5") {
      throw new AppError("DATA_FEATURE_UNSUPPORTED", {
        required: "the hash md5",
        received: `'${algorithm}'`,
        where: this.#where,
      });
    }
    const md5 = this.text("md5")?.toLowerCase();
    if (md5 === undefined) return undefined;
    if (!/^[0-9a-f]{32}(\.dir)?$/.test(md5)) {
      throw fault(
        "an MD5 of 32 hexadecimal digits, of a folder followed by .dir",
        `'${md5.slice(0, 60)}'`,
        this.#where,
      );
    }
    return { md5, algorithm: algorithm === undefined ? "md5-dos2unix" : "md5" };
  }

  refuse(key: string, required: string): void {
    if (!this.#map.has(key)) return;
    throw new AppError("DATA_FEATURE_UNSUPPORTED", { required, received: `the key '${key}'`, where: this.#where });
  }

  /** Errors: DATA_FILE_INVALID, DATA_FEATURE_UNSUPPORTED for a key that nobody asked for. */
  refuseOthers(): void {
    for (const key of this.#map.keys()) {
      if (this.#read.has(key)) continue;
      const foreign = foreignKeys.get(key);
      if (foreign !== undefined) {
        throw new AppError("DATA_FEATURE_UNSUPPORTED", {
          required: "data kept by its hash",
          received: `${foreign}, the key '${key}'`,
          where: this.#where,
        });
      }
      throw fault("keys of DVC's format", `'${key.slice(0, 60)}'`, this.#where);
    }
  }

  /** The rest, by key; for maps whose keys are names. */
  entries(): readonly (readonly [string, ParamValue])[] {
    return [...this.#map];
  }
}
