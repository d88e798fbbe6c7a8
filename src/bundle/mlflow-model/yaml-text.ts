/** YAML that PyYAML (YAML 1.1) and every other reader take for the same values. */
import { stringify } from "yaml";

/** Characters that PyYAML refuses or takes for line breaks; every text is quoted, so an escape may stand for them. */
const special = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * Maps, lists, texts, booleans, null and finite numbers as YAML. All texts are quoted: unquoted,
 * `no`, `1:30`, `2026-01-02` and `1e34` are no texts. Keys are taken as they are.
 */
export function yamlText(value: unknown): string {
  const text = stringify(value, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
  // JSON's escapes, which double quotes have in YAML too; half a surrogate pair stands in no UTF-8.
  return text
    .replace(special, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/gi, "$1\\ufffd");
}
