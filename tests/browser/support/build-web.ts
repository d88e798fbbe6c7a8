/** Builds the page as it is delivered, so that the tests see what people get. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export function setup(): void {
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  execFileSync(process.execPath, ["scripts/build-web.mjs"], { cwd, stdio: "inherit" });
}
