/** Builds the playground: two scripts for the browser, the style sheets as one, page and icon. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
/** In this order: later rules win over earlier ones. */
const styles = ["colours", "ground", "controls", "page", "picture", "answer", "feedback", "panels", "windows"];

mkdirSync(path("dist/web"), { recursive: true });
buildSync({
  // The theme is set by a script of its own, before the page is drawn.
  entryPoints: { main: path("web/main.ts"), "theme-start": path("web/theme-start.ts") },
  outdir: path("dist/web"),
  bundle: true,
  format: "esm",
  target: "es2022",
});
for (const name of ["index.html", "icon.svg"]) copyFileSync(path(`web/${name}`), path(`dist/web/${name}`));
writeFileSync(
  path("dist/web/playground.css"),
  styles.map((name) => readFileSync(path(`web/styles/${name}.css`), "utf8")).join("\n"),
);
