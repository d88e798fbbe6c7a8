import { runInNewContext } from "node:vm";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { literals } from "./literals.ts";
import {
  Callback,
  Flag,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  readOptions,
  SignalOption,
  Text,
} from "./options.ts";

interface Options {
  readonly data: string;
  readonly settings?: { readonly epochs?: number; readonly fit?: "cover" | "contain"; readonly size?: number };
  readonly force?: boolean;
  readonly side?: number;
  readonly onEvent?: () => void;
  readonly signal?: AbortSignal;
}

const schema = optionsSchema<Options>({
  data: Text,
  settings: Type.Optional(
    Type.Object({
      epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      fit: Type.Optional(literals(["cover", "contain"])),
      size: Type.Optional(Type.Integer()),
    }),
  ),
  force: Flag,
  side: Type.Optional(Type.Integer({ default: 7 })),
  onEvent: Callback,
  signal: SignalOption,
});

const read = (given: unknown) => readOptions(schema, given as Options, "train");

describe("options", () => {
  it("come back without what is undefined, with the defaults", () => {
    const onEvent = (): void => {};
    const { signal } = new AbortController();
    const given = { data: "a", force: undefined, settings: { epochs: 3, fit: undefined }, onEvent, signal };
    expect(read(given)).toEqual({ data: "a", settings: { epochs: 3 }, side: 7, onEvent, signal });
    expect(Object.keys(read(given))).not.toContain("force");
  });

  it.each([
    [{ data: "a", forse: true }, "forse", "did you mean force?"],
    [{ data: "a", settings: { epoch: 3 } }, "settings.epoch", "did you mean epochs?"],
    [{ data: "a", epochs: 3 }, "epochs", "did you mean settings.epochs?"],
    [{ data: "a", epoch: 3 }, "epoch", "did you mean settings.epochs?"],
    // Near to an option of this level and a name of the one below.
    [{ data: "a", size: 3 }, "size", "did you mean settings.size?"],
    [{ data: "a", sid: 3 }, "sid", "did you mean side?"],
    [{ data: "a", colour: 3 }, "colour", "known: data, settings, force, side, onEvent, signal"],
    [{ data: "a", constructor: 3 }, "constructor", "known: data, settings, force, side, onEvent, signal"],
    [
      JSON.parse('{"data":"a","__proto__":{"force":true}}'),
      "__proto__",
      "known: data, settings, force, side, onEvent, signal",
    ],
  ])("of unknown names are refused: %j", (given, received, hint) => {
    expect(failureOf(() => read(given))).toMatchObject({
      code: "CONFIG_UNKNOWN_KEY",
      message: `Expected a known option of train; got ${received}`,
      hint,
    });
  });

  it.each([
    [{ data: 3 }, "a text that is not empty for data; got 3"],
    [{ data: "" }, "a text that is not empty for data; got ''"],
    [{}, "a text that is not empty for data; got nothing"],
    [undefined, "a text that is not empty for data; got nothing"],
    [{ data: "a", force: "yes" }, "true or false for force; got 'yes'"],
    [{ data: "a", force: null }, "true or false for force; got null"],
    [{ data: "a", settings: { epochs: "3" } }, "a whole number from 1 to 100 for settings.epochs; got '3'"],
    [{ data: "a", settings: { epochs: Number.NaN } }, "a whole number from 1 to 100 for settings.epochs; got NaN"],
    [{ data: "a", settings: { fit: "cut" } }, "one of cover, contain for settings.fit; got 'cut'"],
    [{ data: "a", settings: "fast" }, "an object for settings; got 'fast'"],
    [{ data: "a", settings: [3] }, "an object for settings; got a list of 1"],
    [{ data: "a", onEvent: "log" }, "a function for onEvent; got 'log'"],
    [{ data: "a", signal: new AbortController() }, "an AbortSignal for signal; got an AbortController"],
    [null, "an object with options; got null"],
    [[], "an object with options; got a list of 0"],
  ])("of wrong values are refused: %j", (given, message) => {
    expect(failureOf(() => read(given))).toMatchObject({
      code: "CONFIG_INVALID",
      message: `Expected ${message} (train)`,
    });
  });

  it("say which option a plain text may have been meant for", () => {
    expect(failureOf(() => read("pictures")).hint).toBe("give { data: … }");
  });

  it("are read through prototypes, of sections too, whatever realm made them", () => {
    class Given {
      readonly data = "a";
      get side() {
        return 3;
      }
      get settings() {
        return Object.create({ epochs: 3 });
      }
    }
    const expected = { data: "a", side: 3, settings: { epochs: 3 } };
    expect(read(new Given())).toEqual(expected);
    expect(read(Object.create(new Given()))).toEqual(expected);
    expect(read(Object.create(Object.assign(Object.create(null), expected)))).toEqual(expected);
    expect(read(runInNewContext("Object.create({ data: 'a', side: 3, settings: { epochs: 3 } })"))).toEqual(expected);
    const hidden = Object.defineProperty({ data: "a" }, "side", { value: 3 });
    expect(read(hidden)).toEqual({ data: "a", side: 3 });
  });

  it("of unknown names are refused in prototypes, too", () => {
    const given = Object.create({ data: "a", forse: true });
    expect(failureOf(() => read(given))).toMatchObject({ code: "CONFIG_UNKNOWN_KEY", received: "forse" });
    expect(failureOf(() => read(Object.create({ data: "a", side: "b" })))).toMatchObject({ received: "'b'" });
  });

  it("hold ports to their methods", () => {
    const ports = optionsSchema<{ progress?: object; logger?: object }>({
      progress: ProgressOption,
      logger: LoggerOption,
    });
    const readPorts = (given: object) => readOptions(ports, given, "f");
    expect(readPorts({ logger: console })).toEqual({ logger: console });
    expect(() => readPorts({ progress: true })).toThrow("a method start for progress; got true (f)");
    expect(() => readPorts({ progress: null })).toThrow("a method start for progress; got null (f)");
    expect(() => readPorts({ logger: { info() {} } })).toThrow("for logger; got an object with the key 'info' (f)");
  });
});
