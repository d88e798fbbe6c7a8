/** Writes the JSON schema of pawprint.yaml beside the build, for completion in editors. */
import { writeFileSync } from "node:fs";

const { pawprintConfigSchema } = await import("../dist/cli/pawprint-config.js");
const { editorSchema } = await import("../dist/cli/editor-schema.js");
writeFileSync(new URL("../dist/pawprint.schema.json", import.meta.url), editorSchema(pawprintConfigSchema));
