import { expect, it } from "vitest";
import { summarizeProfile } from "./profile.ts";

it("sums kernel times by op, the slowest first, and leaves other events out", () => {
  const events = [
    { cat: "Session", name: "model_run", dur: 900 },
    { cat: "Node", name: "conv_0_kernel_time", dur: 250, args: { op_name: "Conv" } },
    { cat: "Node", name: "conv_0_fence_before", dur: 7, args: { op_name: "Conv" } },
    { cat: "Node", name: "relu_0_kernel_time", dur: 1500, args: { op_name: "Relu" } },
    { cat: "Node", name: "conv_1_kernel_time", dur: 500, args: { op_name: "Conv" } },
  ];
  expect(summarizeProfile(JSON.stringify(events))).toEqual([
    { op: "Relu", calls: 1, totalMs: 1.5 },
    { op: "Conv", calls: 2, totalMs: 0.75 },
  ]);
});
