/** A service with the bundle, held to its contract: every public route is called. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { createServer } from "pawprint/server";

const bundle = "models/@name@.onnx";
const skip = existsSync(bundle) ? false : `${bundle} is missing: npx pawprint repro`;

test("every public route answers as its contract says", { skip }, async () => {
  const server = await createServer({ model: bundle, port: 0 });
  try {
    const { url } = await server.listen();
    const command = ["node_modules/pawprint/bin/pawprint.mjs", "smoke", url, "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    assert.ok(stdout.length > 0);
  } finally {
    await server.close();
  }
});
