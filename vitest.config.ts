import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts", "bench/**/*.test.ts"],
    exclude: [
      "tests/interop/**",
      "tests/package/**",
      "tests/browser/**",
      "tests/container/**",
      "tests/deployment/**",
      "**/node_modules/**",
    ],
    globalSetup: "tests/support/run-folder.ts",
    testTimeout: 60_000,
    // Hooks train small models, which takes longer on a machine that others use, too.
    hookTimeout: 60_000,
    // The AWS SDK says at each start that later versions of it will not run on Node.js 20.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    pool: "forks",
    // Half of the processor time went into loading the same modules anew for each of 280 files. Tests
    // keep no state in modules: they pass clocks, environments and folders.
    isolate: false,
    // One fewer than the cores, Vitest's own choice, is a single one where there are two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // npm test -- --coverage: what the tests of the product run of it, in this process.
    coverage: {
      provider: "v8",
      reporter: ["text-summary", "html"],
      include: ["src/**/*.ts"],
      exclude: ["**/*.test.ts", "src/graph/onnx/generated/**", "src/cli/main.ts"],
    },
  },
});
