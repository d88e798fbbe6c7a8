import { expect, it } from "vitest";
import { readJsonPicture } from "./read-picture-json.ts";

it.each([null, 1, {}, true, undefined])("takes no picture from %j", (value) => {
  expect(() => readJsonPicture(value, "image")).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", where: "image" }),
  );
});
