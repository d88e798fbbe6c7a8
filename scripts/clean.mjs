/** Takes the last build away, so that no file of a module that is gone stays in the next one. */
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
