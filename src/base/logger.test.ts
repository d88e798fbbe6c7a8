import { describe, expect, it } from "vitest";
import { atLevel, createLogger, type LogFields, type LogLevel } from "./logger.ts";

describe("a logger", () => {
  it("hands each entry on with its level and facts, and leaves out those below its level", () => {
    const entries: [LogLevel, string, LogFields][] = [];
    const logger = atLevel(
      createLogger((...entry) => entries.push(entry)),
      "warn",
    );
    logger.debug("a");
    logger.info("b");
    logger.warn("c", { pictures: 3 });
    logger.error("d");
    expect(entries).toEqual([
      ["warn", "c", { pictures: 3 }],
      ["error", "d", {}],
    ]);
  });
});
