import { describe, expect, it } from "vitest";
import { numberItems, readNestedArray } from "./nested-array.ts";

const read = (value: readonly unknown[]) => readNestedArray(value, "image", numberItems);

describe("nested numbers", () => {
  it("are taken in their order, up to four deep", () => {
    expect(read([[[[1], [2]]], [[[3], [4]]]])).toEqual({ items: [1, 2, 3, 4], shape: [2, 1, 2, 1] });
    expect(read([1, 2])).toEqual({ items: [1, 2], shape: [2] });
    expect(read([[1, 2]])).toEqual({ items: [1, 2], shape: [1, 2] });
  });

  it.each([
    [[[1, 2], [3]], "image[1]", "a list of 2, like its neighbours; got a list of 1"],
    [[[1, 2], 3], "image[1]", "a list of 2"],
    [[1, [2]], "image[1]", "a number"],
    [[[1, "2"]], "image[0][1]", "a string"],
    [[[1, null]], "image[0][1]", "null"],
    [[[]], "image[0]", "an empty list"],
    [[[[[[1]]]]], "image", "at most 4 deep"],
  ])("refuses %j and says where", (value, where, text) => {
    let thrown: unknown;
    try {
      read(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "REQUEST_INVALID", where });
    expect((thrown as Error).message).toContain(text);
  });

  it("survive a list deep enough to break a stack", () => {
    let deep: unknown = [1];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(() => read(deep as unknown[])).toThrow(/at most 4 deep/);
  });
});
