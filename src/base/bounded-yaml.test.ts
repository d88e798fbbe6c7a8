import { describe, expect, it } from "vitest";
import { parseBoundedYaml } from "./bounded-yaml.ts";

const read = (text: string): unknown => parseBoundedYaml(text).toJS();

describe("YAML from outside", () => {
  it("is read with every plain word as text", () => {
    expect(read("id: 1e34\nlist: [1, 'two', {three: null}]\n")).toEqual({
      id: "1e34",
      list: ["1", "two", { three: "null" }],
    });
    expect(read("# nothing\n")).toBe(null);
    expect(read("a:\n- b:\n  - c\n")).toEqual({ a: [{ b: ["c"] }] });
  });

  it.each(["{{", "a: b: c", "\tx: 1", "a: 1\na: 2"])("is refused where it is none: %j", (text) => {
    expect(() => read(text)).toThrow();
  });

  it.each(["[", "{a: ", "- ", "? ", "a: ", "[a, ", "{? ", ": ", "? a: ", "*a : "])(
    "is refused before it costs anything where %j is nested without end",
    (unit) => {
      const start = performance.now();
      expect(() => read(unit.repeat(1_000_000))).toThrow();
      // In a hundredth of this; the package alone takes minutes, or ends the process.
      expect(performance.now() - start).toBeLessThan(2000);
    },
  );

  it("is refused where every line is deeper than the one before", () => {
    const text = Array.from({ length: 2000 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("");
    expect(() => read(text)).toThrow("YAML nested too deeply");
  });
});
