import { expect, it } from "vitest";
import { completeConfig } from "../complete-config.ts";
import { fitConnections } from "./fit-connections.ts";

const config = completeConfig({ model: "model.onnx" });

it("keeps the connections where the process may open files enough, or the limit is not known", () => {
  for (const limit of [undefined, 2352, 1_048_576]) {
    expect(fitConnections(config, limit)).toEqual({ config, warnings: [] });
  }
});

it("takes as many as fit, and says which limit is needed", () => {
  expect(fitConnections(config, 128)).toEqual({
    config: { ...config, connections: 48 },
    warnings: [
      "This process may open 128 files: enough for 48 connections, not for 2048; raise the limit: ulimit -n 2352",
    ],
  });
  expect(fitConnections(config, 20).config.connections).toBe(1);
});
