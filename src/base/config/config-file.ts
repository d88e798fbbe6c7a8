/** Reads the text of `pawprint.yaml` into values by key, each with the line where it stands. */
import type { TObject } from "typebox";
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from "yaml";
import { AppError } from "../errors.ts";
import { hintForName } from "../nearest.ts";
import { isSection } from "./config-leaves.ts";

/** What one line of the file sets. */
export interface FileEntry {
  /** `train.batchSize`. */
  readonly key: string;
  readonly value: unknown;
  /** `pawprint.yaml line 3`. */
  readonly where: string;
}

/**
 * The values of a configuration file under `schema`; an empty file or section sets nothing.
 * Throws CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, and CONFIG_INVALID where a section holds a plain
 * value.
 */
export function readConfigFile(schema: TObject, text: string, fileName: string): FileEntry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new AppError("CONFIG_UNREADABLE", {
      required: "a configuration file in valid YAML",
      received: describeFault(fault.message),
      where: `${fileName} line ${lines.linePos(fault.pos[0]).line}`,
      hint: "look for wrong indentation, or a tab where spaces must stand",
    });
  }
  const place = (node: unknown): string => {
    const range = isNode(node) ? node.range : undefined;
    return range ? `${fileName} line ${lines.linePos(range[0]).line}` : fileName;
  };
  try {
    return readSection(schema, document.contents, [], { document, place });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new AppError("CONFIG_UNREADABLE", {
      required: "a configuration file whose aliases can be followed",
      received: "one with aliases of aliases",
      where: fileName,
      cause: error,
    });
  }
}

/** The parser's words, in one line without their place. */
function describeFault(message: string): string {
  if (/call stack/.test(message)) return "lists or maps nested too deep";
  return message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
}

interface Reading {
  readonly document: Document;
  readonly place: (node: unknown) => string;
}

function readSection(schema: TObject, node: unknown, path: readonly string[], reading: Reading): FileEntry[] {
  const { document, place } = reading;
  const section = isAlias(node) ? node.resolve(document) : node;
  if (section === null || section === undefined || (isScalar(section) && section.value === null)) return [];
  const known = Object.keys(schema.properties);
  if (!isMap(section)) {
    throw new AppError("CONFIG_INVALID", {
      required: `keys below ${path.length === 0 ? "the top of the file" : path.join(".")} (${known.join(", ")})`,
      received: JSON.stringify(plainValue(section, document)),
      where: place(node),
    });
  }
  return section.items.flatMap(({ key, value }: Pair) => {
    const name = String(isScalar(key) ? key.value : key);
    const way = [...path, name];
    if (!known.includes(name)) throw unknownKey(way, known, place(key));
    const part = schema.properties[name]!;
    if (isSection(part)) return readSection(part, value, way, reading);
    return [{ key: way.join("."), value: plainValue(value, document), where: place(key) }];
  });
}

function unknownKey(way: readonly string[], siblings: readonly string[], where: string): AppError {
  const hint = hintForName(way.at(-1)!, siblings);
  return new AppError("CONFIG_UNKNOWN_KEY", {
    required: "a known configuration key",
    received: way.join("."),
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

function plainValue(node: unknown, document: Document): unknown {
  return isNode(node) ? node.toJS(document) : (node ?? null);
}
