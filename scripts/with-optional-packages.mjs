/** Makes the optional packages of package.json dependencies, at the versions of the lock file: for an image, to which nobody adds them. */
import { readFileSync, writeFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
for (const [name, range] of Object.entries(manifest.peerDependencies)) {
  manifest.dependencies[name] = range;
  delete manifest.devDependencies[name];
}
delete manifest.peerDependencies;
delete manifest.peerDependenciesMeta;
writeFileSync("package.json", `${JSON.stringify(manifest, null, 2)}\n`);
