import { defineConfig } from "vitest/config";

/** The playground in a real browser, against the real service. */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    globalSetup: ["tests/browser/support/build-web.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A machine that is busy with other tests takes longer than a person would wait.
    expect: { poll: { timeout: 5000 } },
    pool: "forks",
    // One browser at a time: each has several processes of its own.
    fileParallelism: false,
  },
});
