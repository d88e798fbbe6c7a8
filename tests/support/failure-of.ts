/** The error of work that must fail. */
import { AppError } from "../../src/base/errors.ts";

/** Errors: where the work does not fail, or fails with another error than an AppError. */
export function failureOf(work: Promise<unknown>): Promise<AppError>;
export function failureOf(work: () => unknown): AppError;
export function failureOf(work: Promise<unknown> | (() => unknown)): AppError | Promise<AppError> {
  if (typeof work !== "function") return work.then(requireFailure, requireAppError);
  try {
    work();
  } catch (error) {
    return requireAppError(error);
  }
  return requireFailure();
}

function requireFailure(): never {
  throw new Error("the work ended without an error");
}

function requireAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}
