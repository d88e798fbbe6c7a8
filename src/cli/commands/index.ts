/** The table of commands: a row is all that is loaded of a command before it is asked for. */
import type { CommandEntry } from "../command.ts";

export const commands: readonly CommandEntry[] = [
  { name: "errors", summary: "look up an error code, or list them all", load: () => import("./errors.ts") },
];
