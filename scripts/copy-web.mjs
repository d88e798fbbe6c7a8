/**
 * Puts what the browser takes beside the compiled modules: page and icon as they are, the style
 * sheets as one.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
/** In this order: later rules win over earlier ones. */
const styles = ["colours", "ground", "controls", "page", "picture", "answer", "panels", "windows"];

mkdirSync(path("dist/web"), { recursive: true });
for (const name of ["index.html", "icon.svg"]) copyFileSync(path(`web/${name}`), path(`dist/web/${name}`));
writeFileSync(
  path("dist/web/playground.css"),
  styles.map((name) => readFileSync(path(`web/styles/${name}.css`), "utf8")).join("\n"),
);
