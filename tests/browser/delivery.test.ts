import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../dist/web/", import.meta.url);

it("the page is delivered as two scripts that import nothing, and hold nothing of the service", () => {
  const scripts = readdirSync(root).filter((name) => name.endsWith(".js"));
  expect(scripts.sort()).toEqual(["main.js", "theme-start.js"]);
  for (const name of scripts) {
    const text = readFileSync(new URL(name, root), "utf8");
    expect(text).not.toMatch(/^\s*(import|export)\b/m);
    expect(text).not.toMatch(/src\/server|typebox|fastify/);
  }
});
