import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { compileCheck, compileForRequest } from "./validate.ts";

const Settings = Type.Object(
  {
    top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    on: Type.Optional(Type.Boolean()),
    rows: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
  },
  { additionalProperties: false },
);

/** What a call throws; fails where it throws nothing. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("a body", () => {
  const check = compileCheck(Settings, "body");

  it("comes back as the same value", () => {
    const body = { top_k: 3, on: false, rows: [{ name: "a" }] };
    expect(check(body)).toBe(body);
    expect(body).toEqual({ top_k: 3, on: false, rows: [{ name: "a" }] });
  });

  it.each([
    [undefined, "an object", "nothing"],
    [null, "an object", "null"],
    [[], "an object", "a list of 0"],
    ["{}", "an object", '"{}"'],
    [{ top_k: 0 }, "a whole number from 1 to 10 for top_k", "0"],
    [{ top_k: 11 }, "a whole number from 1 to 10 for top_k", "11"],
    [{ top_k: 1.5 }, "a whole number from 1 to 10 for top_k", "1.5"],
    [{ rows: [{ name: "a" }, { name: 1 }] }, "a text for rows.1.name", "1"],
    [{ rows: [{}] }, "a text for rows.0.name", "nothing"],
  ])("%j is refused, with the place of the fault", (body, required, received) => {
    expect(thrownBy(() => check(body))).toMatchObject({ code: "REQUEST_INVALID", required, received, where: "body" });
  });

  it.each([{ top_k: "3" }, { on: "true" }, { on: 1 }, { top_k: true }])("%j is not bent into shape", (body) => {
    const before = JSON.stringify(body);
    expect(thrownBy(() => check(body))).toMatchObject({ code: "REQUEST_INVALID" });
    expect(JSON.stringify(body)).toBe(before);
  });

  it("with a field that nobody knows is refused by the field's name, of which a part is enough", () => {
    expect(thrownBy(() => check({ size: 3 }))).toMatchObject({
      code: "REQUEST_INVALID",
      required: "only the fields top_k, on, rows",
      received: "a field 'size'",
    });
    expect(thrownBy(() => check({ ["x".repeat(5000)]: 1 }))).toMatchObject({ received: `a field '${"x".repeat(80)}'` });
    expect(thrownBy(() => check(JSON.parse('{"__proto__":{"top_k":3}}')))).toMatchObject({
      received: "a field '__proto__'",
    });
  });
});

describe("a path or query", () => {
  const check = compileForRequest({ schema: Settings, httpPart: "querystring", method: "GET", url: "/x" });

  it.each([
    [{}, {}],
    [{ top_k: "3" }, { top_k: 3 }],
    [{ on: "true" }, { on: true }],
    [{ on: "false" }, { on: false }],
    [
      { top_k: "10", on: "true" },
      { top_k: 10, on: true },
    ],
  ])("%j is read as %j", (query, value) => {
    expect(check(query)).toEqual({ value });
  });

  it.each([
    [{ top_k: "" }, "a whole number from 1 to 10 for top_k", '""'],
    [{ top_k: "three" }, "a whole number from 1 to 10 for top_k", '"three"'],
    [{ top_k: "1.5" }, "a whole number from 1 to 10 for top_k", '"1.5"'],
    [{ top_k: ["1", "2"] }, "a whole number from 1 to 10 for top_k", "a list of 2"],
    [{ top_k: "0" }, "a whole number from 1 to 10 for top_k", "0"],
    [{ on: "perhaps" }, "true or false for on", '"perhaps"'],
    [{ size: "3" }, "only the fields top_k, on, rows", "a field 'size'"],
  ])("%j is refused", (query, required, received) => {
    expect(thrownBy(() => check(query))).toMatchObject({
      code: "REQUEST_INVALID",
      required,
      received,
      where: "query",
    });
  });

  it("is called the request where nobody says which part it is", () => {
    const checkAny = compileForRequest({ schema: Settings, method: "GET", url: "/x" });
    expect(thrownBy(() => checkAny([]))).toMatchObject({ required: "an object", where: "request" });
  });
});
