import { defineConfig } from "vitest/config";

/** The package as npm packs it, installed into another project. */
export default defineConfig({
  test: { include: ["tests/package/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 300_000, pool: "forks" },
});
