/** What is wrong with a manifest. */
import { AppError } from "../../../base/errors.ts";

/** MANIFEST_INVALID. */
export function manifestInvalid(required: string, received: string, where: string, hint?: string): AppError {
  return new AppError("MANIFEST_INVALID", { required, received, where, ...(hint !== undefined && { hint }) });
}
