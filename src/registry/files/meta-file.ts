/** `meta.yaml` of registered models and versions. */
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { formatMeta, type Meta, type MetaSource, parseMeta } from "../../tracking/files/meta-yaml.ts";
import { readTextIfThere } from "./model-folders.ts";

/** Undefined where the folder has none, or is not there. Errors: FILE_READ_FAILED, RUN_STORE_INVALID. */
export async function readMeta(folder: string): Promise<Meta | undefined> {
  const path = join(folder, "meta.yaml");
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const meta = metaIn(text);
  if (meta !== undefined) return meta;
  throw new AppError("RUN_STORE_INVALID", {
    required: "a YAML mapping",
    received: text.trim() === "" ? "an empty file" : "other text",
    where: path,
    hint: "copy the folder again, or move it away; other models are not touched",
  });
}

function metaIn(text: string): Meta | undefined {
  try {
    return parseMeta(text);
  } catch {
    return undefined; // nested too deeply
  }
}

/** Keys whose values MLflow takes for numbers. */
const numberKeys = new Set(["creation_timestamp", "last_updated_timestamp", "version"]);

/** With what is changed; what Pawprint does not know stays. Errors: as `readMeta`, FILE_WRITE_FAILED. */
export async function rewriteMeta(folder: string, change: Readonly<Record<string, MetaSource>>): Promise<void> {
  const there = [...((await readMeta(folder)) ?? [])].map(([key, value]): [string, MetaSource] => [
    key,
    numberKeys.has(key) && typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value,
  ]);
  const text = formatMeta({ ...Object.fromEntries(there), ...change });
  await writeFileAtomic(join(folder, "meta.yaml"), text, { force: true });
}

export function textIn(meta: Meta, key: string): string | undefined {
  const value = meta.get(key);
  return typeof value === "string" ? value : undefined;
}

/** Milliseconds since 1970; 0 where the file has none. */
export function timeIn(meta: Meta, key: string): number {
  const text = textIn(meta, key);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
