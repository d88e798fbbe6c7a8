import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: [
      "tests/interop/**",
      "tests/browser/**",
      "tests/container/**",
      "tests/deployment/**",
      "**/node_modules/**",
    ],
    testTimeout: 60_000,
    pool: "forks",
    // One fewer than the cores, Vitest's own choice, is a single one where there are two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
