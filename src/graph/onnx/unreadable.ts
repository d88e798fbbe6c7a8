import { AppError } from "../../base/errors.ts";

/** Where a model was read from, for its errors. */
export type Where = string | undefined;

/** The error of a model that cannot be read; both texts are noun phrases. */
export function unreadable(required: string, received: string, where: Where, cause?: unknown): AppError {
  return new AppError("MODEL_UNREADABLE", { required, received, ...(where === undefined ? {} : { where }), cause });
}
