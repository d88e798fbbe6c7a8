/** A configuration's schema for editors, which complete and check a file as it is written. */
import type { TObject } from "typebox";
import { jsonSchemaOf } from "../base/schema/json-schema.ts";

/**
 * JSON Schema (draft 2020-12) of a configuration file as text. Every key may be left out, and an
 * unknown one is an error, as where the file is loaded.
 */
export function editorSchema(schema: TObject): string {
  const text = JSON.stringify(optional(jsonSchemaOf(schema)), null, 1);
  return `${text.replace("{", '{\n "$schema": "https://json-schema.org/draft/2020-12/schema",')}\n`;
}

function optional(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(optional);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, part]) => !(key === "required" && Array.isArray(part)));
  const parts = Object.fromEntries(kept.map(([key, part]) => [key, optional(part)]));
  return "properties" in parts && !("additionalProperties" in parts)
    ? { ...parts, additionalProperties: false }
    : parts;
}
