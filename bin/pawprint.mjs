#!/usr/bin/env node
/** The command: runs the build, and says what to do where there is none, as in a fresh clone. */
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  refuse(
    `Expected Node.js 20.19 or later; got ${process.versions.node}`,
    "install a newer Node.js: https://nodejs.org",
  );
} else if (existsSync(main)) {
  await import(main.href);
} else {
  refuse("Expected a built Pawprint; got a clone without dist/", "npm ci && npm run build");
}

/** @param {string} message @param {string} hint */
function refuse(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exitCode = 1;
}
