import { defineConfig } from "vitest/config";

/** What delivers the project: manifests, Compose file, monitoring rules, workflows and their scripts, checked without a cluster. */
export default defineConfig({
  test: { include: ["tests/deployment/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000, pool: "forks" },
});
