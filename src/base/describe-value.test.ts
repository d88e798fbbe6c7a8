import { expect, it } from "vitest";
import { describeValue } from "./describe-value.ts";

it.each([
  [undefined, "nothing"],
  [null, "null"],
  ["cat.jpg", "'cat.jpg'"],
  ["x".repeat(100), `'${"x".repeat(60)}…'`],
  [3, "3"],
  [10n, "10"],
  [false, "false"],
  [() => 1, "a function"],
  [Symbol("secret"), "a symbol"],
  [[1, 2, 3], "a list of 3"],
  [Buffer.from("abc"), "a Buffer of 3 bytes"],
  [new Uint8Array(2), "a Uint8Array of 2 bytes"],
  [new DataView(new ArrayBuffer(5)), "a DataView of 5 bytes"],
  [new Float32Array(784), "a Float32Array of 784 numbers"],
  [new ArrayBuffer(4), "an ArrayBuffer of 4 bytes"],
  [new Map(), "a Map"],
  [new Response("x"), "a Response"],
  [Promise.resolve(), "a Promise that was not awaited"],
  [{}, "an object"],
  [Object.create(null), "an object"],
  [{ path: "a" }, "an object with the key 'path'"],
  [{ path: "a", bytes: 1 }, "an object with the keys 'path', 'bytes'"],
  [Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`key${at}`, at])), "an object"],
])("says what %s is", (value, expected) => {
  expect(describeValue(value)).toBe(expected);
});
