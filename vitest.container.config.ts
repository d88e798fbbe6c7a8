import { defineConfig } from "vitest/config";

/** The images of the Dockerfile, built and run by a Docker engine; skipped where none can be had. */
export default defineConfig({
  test: { include: ["tests/container/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 900_000, pool: "forks" },
});
