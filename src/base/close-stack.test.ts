import { expect, it } from "vitest";
import { createCloseStack } from "./close-stack.ts";

it("closes in the reverse order, each once, and all of them where one fails", async () => {
  const closed: string[] = [];
  const stack = createCloseStack();
  stack.add(() => closed.push("first"));
  stack.add(async () => {
    closed.push("second");
    throw new Error("no");
  });
  stack.add(() => closed.push("third"));
  await expect(stack.close()).rejects.toThrow("no");
  await stack.close();
  expect(closed).toEqual(["third", "second", "first"]);
});
