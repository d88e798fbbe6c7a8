/** One Python process that reads and writes YAML and JSON with DVC's own functions. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ParamValue } from "../../src/versioning/formats/param-value.ts";
import { pythonFloat } from "../../src/versioning/formats/python-number.ts";
import { findPeerPython } from "./peer-python.ts";

/** As JSON carries it: integers `{int}`, floats `{float}`, maps `{map}` in order. */
type Tagged =
  | null
  | boolean
  | string
  | readonly Tagged[]
  | { readonly int: string }
  | { readonly float: string }
  | { readonly map: readonly (readonly [Tagged, Tagged])[] };

export function tagged(value: ParamValue): Tagged {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return { float: pythonFloat(value) };
  if (value instanceof Map) return { map: [...value].map(([key, one]) => [key, tagged(one)] as const) };
  return (value as readonly ParamValue[]).map(tagged); // all else is handled above
}

export interface DvcFormats {
  /** What DVC answers; an error begins with the name of its class. */
  ask(what: string, ...given: readonly unknown[]): Promise<{ readonly value?: unknown; readonly error?: string }>;
  close(): void;
}

/** Undefined, with the reason on stderr, where there is no Python with dvc. `name`: the script beside this file. */
export async function findDvcFormats(name = "dvc-formats.py"): Promise<DvcFormats | undefined> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const notes: string[] = [];
  const python = await findPeerPython(["dvc"], (text) => notes.push(text));
  if (python === undefined) {
    process.stderr.write(`skipped: ${notes.join("; ")}\n`);
    return undefined;
  }
  const peer = spawn(python, [script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PYTHONIOENCODING: "utf-8", DVC_NO_ANALYTICS: "1" },
  });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  return {
    async ask(...question) {
      peer.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the process of dvc ended");
      return JSON.parse(value);
    },
    close: () => peer.kill(),
  };
}
