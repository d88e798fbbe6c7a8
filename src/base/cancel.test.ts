import { describe, expect, it } from "vitest";
import { interruption, interruptionOf, throwIfCancelled } from "./cancel.ts";

describe("throwIfCancelled", () => {
  it("lets work go on without a signal or before it is aborted", () => {
    expect(() => throwIfCancelled(undefined)).not.toThrow();
    expect(() => throwIfCancelled(new AbortController().signal)).not.toThrow();
  });

  it("throws the interruption that the signal was aborted with", () => {
    const reason = interruption("SIGTERM");
    let thrown: unknown;
    try {
      throwIfCancelled(AbortSignal.abort(reason));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(reason);
  });

  it("makes an interruption of any other reason", () => {
    expect(interruptionOf(AbortSignal.abort("enough"))).toMatchObject({
      code: "INTERRUPTED",
      message: "completed work; got caller",
    });
  });
});
