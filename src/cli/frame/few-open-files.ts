/** What the command line does where it may open few files. */
import { register } from "node:module";
import { openFileLimit } from "../../base/machine/open-file-limit.ts";

/** With so many Node.js can load all modules at once. */
const enough = 1024;
/** What the process has open besides: streams, threads, the engine. */
const otherFiles = 40;

/** Call it before the modules of a command are loaded. */
export function loadModulesWithin(limit = openFileLimit()): void {
  if (limit === undefined || limit >= enough) return;
  const atOnce = Math.max(1, Math.floor((limit - otherFiles) / 2));
  register("./module-hooks.mjs", import.meta.url, { data: { atOnce } });
}
