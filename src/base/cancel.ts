/** Cooperative cancellation: work watches an AbortSignal and ends with one coded error. */
import { AppError } from "./errors.ts";

/**
 * The error that ends interrupted work; give it to `AbortController.abort` so that every awaiter
 * sees the same one. It has no hint: work that can be resumed adds one, and the command line says
 * what running the command again does.
 */
export function interruption(by: "SIGINT" | "SIGTERM" | "caller" = "caller"): AppError {
  return new AppError("INTERRUPTED", { required: "completed work", received: by });
}

/** Throws INTERRUPTED where `signal` was aborted. Call it between two pieces of work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interruptionOf(signal);
}

/** The INTERRUPTED error of an aborted signal: its own reason where that is one. */
export function interruptionOf(signal: AbortSignal): AppError {
  const reason: unknown = signal.reason;
  return reason instanceof AppError && reason.code === "INTERRUPTED" ? reason : interruption();
}

/** True for what Node's own functions throw when their signal is aborted. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
