/** `meta.yaml` of registered models and versions: one flat mapping, as MLflow writes and reads it. */
import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { AppError } from "../../base/errors.ts";
import { readBytes } from "../../base/files/read-file.ts";

/** In the order of the file. What is neither text nor number nor nothing is kept as it was. */
export type Meta = ReadonlyMap<string, MetaValue>;
export type MetaValue = string | number | boolean | null | object;

const largestBytes = 1 << 20;

/** Errors: FILE_NOT_FOUND, FILE_READ_FAILED, RUN_STORE_INVALID. */
export async function readMeta(path: string): Promise<Meta> {
  const text = (await readBytes(path, path, largestBytes)).toString("utf8");
  const items = mappingOf(text);
  if (items === undefined) {
    throw new AppError("RUN_STORE_INVALID", {
      required: "a YAML mapping",
      received: text.trim() === "" ? "an empty file" : "other text",
      where: path,
      hint: "copy the folder again, or move it away; other models are not touched",
    });
  }
  const meta = new Map<string, MetaValue>();
  for (const { key, value } of items) {
    if (!isScalar(key) || typeof key.value !== "string") continue;
    if (!isScalar(value)) meta.set(key.value, (value as { toJSON?(): object } | null)?.toJSON?.() ?? null);
    else meta.set(key.value, value.type === "PLAIN" ? plainValue(String(value.value)) : String(value.value));
  }
  return meta;
}

/** Every plain word as text: run ids such as 1e34... are numbers of YAML. */
function mappingOf(text: string): YAMLMap["items"] | undefined {
  try {
    const { contents, errors } = parseDocument(text, { schema: "failsafe", logLevel: "silent" });
    return isMap(contents) && errors.length === 0 ? contents.items : undefined;
  } catch {
    return undefined; // nested too deeply
  }
}

function plainValue(text: string): MetaValue {
  if (/^(null|Null|NULL|~|)$/.test(text)) return null;
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

/** Keys in order, as MLflow sorts them. */
export function formatMeta(meta: Meta): string {
  const keys = [...meta.keys()].sort();
  return keys.map((key) => `${/^[a-z_]+$/.test(key) ? key : quoted(key)}: ${quoted(meta.get(key) ?? null)}\n`).join("");
}

/** JSON is YAML, but for characters that YAML wants escaped, or takes for line breaks. */
function quoted(value: MetaValue): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function textIn(meta: Meta, key: string): string | undefined {
  const value = meta.get(key);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** Milliseconds since 1970; 0 where the file has none. */
export function timeIn(meta: Meta, key: string): number {
  const value = meta.get(key);
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}
