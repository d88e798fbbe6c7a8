/** Paths that programs give as text or as `file:` URLs. */
import { fileURLToPath } from "node:url";
import { AppError } from "../errors.ts";

/** Errors: ARGUMENT_INVALID for a URL that names no file of this machine, such as `file://host/a`. */
export function pathOf(path: string | URL): string {
  if (typeof path === "string") return path;
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw new AppError("ARGUMENT_INVALID", {
      required: "a file: URL that names a file of this machine",
      received: `'${path.href}'`,
      cause,
    });
  }
}
