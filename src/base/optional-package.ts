/**
 * Packages that only some users need: loaded on first use, named with their command where missing.
 */
import { AppError } from "./errors.ts";
import { systemCodeOf } from "./files/file-failure.ts";

/**
 * `load` is a dynamic import; `names` are npm packages, `purpose` says what they are for ("to read
 * from S3").
 * Errors: PACKAGE_MISSING, with the command that installs them.
 */
export async function importOptional<T>(load: () => Promise<T>, names: readonly string[], purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (systemCodeOf(cause) !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new AppError("PACKAGE_MISSING", {
      required: `the optional package ${names.join(" and ")} ${purpose}`,
      received: "no such package",
      hint: `npm install ${names.join(" ")}`,
      cause,
    });
  }
}
