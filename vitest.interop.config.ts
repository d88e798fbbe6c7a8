import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/interop/**/*.test.ts"],
    // In this order: what the second one writes lies in the first one's folder.
    globalSetup: ["tests/support/run-folder.ts", "tests/support/interop-peers.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: "forks",
    // More of them wait for each other: each has Python at its side, and one server serves several.
    maxWorkers: 2,
  },
});
