/** How modules are loaded where the process may open few files. */
import { register } from "node:module";
import { openFileLimit } from "../machine/open-file-limit.ts";

/** With so many Node.js can load all modules at once. */
const enough = 1024;
/** What the process has open besides: streams, threads, the engine. */
const otherFiles = 40;

const hooks = new URL("./module-hooks.mjs", import.meta.url).href;

/** What the hooks are told; undefined where none are needed. */
function hooksData(limit = openFileLimit()): { readonly atOnce: number } | undefined {
  if (limit === undefined || limit >= enough) return undefined;
  return { atOnce: Math.max(1, Math.floor((limit - otherFiles) / 2)) };
}

/** Call it before most modules are loaded. It is for this thread alone. */
export function limitModuleFiles(): void {
  const data = hooksData();
  if (data !== undefined) register(hooks, { data });
}

/** The same as a line of a module that a new thread begins with; empty where nothing is needed. */
export function limitingLine(limit = openFileLimit()): string {
  const data = hooksData(limit);
  if (data === undefined) return "";
  return `import * as nodeModule from "node:module"; nodeModule.register(${JSON.stringify(hooks)}, ${JSON.stringify({ data })});`;
}
