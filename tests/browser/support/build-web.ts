/** Builds the page as it is delivered, so that the tests see what people get. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export function setup(): void {
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  for (const command of [[compiler, "-p", "tsconfig.web.json"], ["scripts/copy-web.mjs"]]) {
    execFileSync(process.execPath, command, { cwd, stdio: "inherit" });
  }
}
