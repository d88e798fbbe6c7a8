import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { isAppError } from "../errors.ts";
import { loadConfig } from "./config.ts";

const labelsDefault: string[] = [];

const schema = Type.Object({
  seed: Type.Integer({ default: 1 }),
  train: Type.Object({
    epochs: Type.Integer({ minimum: 1, maximum: 1000, default: 10 }),
    batchSize: Type.Integer({ minimum: 1, default: 32 }),
    learningRate: Type.Number({ exclusiveMinimum: 0, default: 0.01 }),
    optimizer: Type.Union([Type.Literal("sgd"), Type.Literal("adam")], { default: "sgd" }),
    augment: Type.Boolean({ default: true }),
    threads: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 1 })], { default: "auto" }),
  }),
  labels: Type.Array(Type.String({ minLength: 1 }), { default: labelsDefault }),
  name: Type.Optional(Type.String({ minLength: 1 })),
  storage: Type.Optional(
    Type.Object({
      bucket: Type.String(),
      token: Type.String(),
      region: Type.String({ default: "eu" }),
    }),
  ),
  extra: Type.Record(Type.String(), Type.Number(), { default: {} }),
});

const fault = (input: Omit<Parameters<typeof loadConfig>[0], "schema">) => {
  try {
    loadConfig({ schema, ...input });
  } catch (error) {
    if (isAppError(error)) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("the configuration was taken");
};

const defaults = {
  seed: 1,
  train: { epochs: 10, batchSize: 32, learningRate: 0.01, optimizer: "sgd", augment: true, threads: "auto" },
  labels: [],
  extra: {},
};

describe("where a value comes from", () => {
  it("is the defaults where nobody sets anything", () => {
    expect(loadConfig({ schema })).toEqual(defaults);
    expect(loadConfig({ schema, fileText: "# nothing yet\ntrain:\n" })).toEqual(defaults);
  });

  it("prefers flags to the environment to the file to defaults", () => {
    const fileText = "train:\n  epochs: 2\n  batchSize: 2\n  learningRate: 0.2\n";
    const env = { PAWPRINT_TRAIN_EPOCHS: "3", PAWPRINT_TRAIN_BATCH_SIZE: "3", PATH: "/bin" };
    const config = loadConfig({ schema, fileText, env, flags: { "train.epochs": "4", name: undefined } });
    expect(config.train).toMatchObject({ epochs: 4, batchSize: 3, learningRate: 0.2, optimizer: "sgd" });
  });

  it("is frozen all the way down", () => {
    const config = loadConfig({ schema, env: { PAWPRINT_LABELS: "cat, dog" } });
    expect(config.labels).toEqual(["cat", "dog"]);
    expect([config, config.train, config.labels].every(Object.isFrozen)).toBe(true);
  });

  it("leaves the schema's own defaults unfrozen and unshared", () => {
    const config = loadConfig({ schema });
    expect(config.labels).not.toBe(labelsDefault);
    expect(Object.isFrozen(labelsDefault)).toBe(false);
  });

  it("brings an optional section to life only where a value of it is set", () => {
    expect(loadConfig({ schema })).not.toHaveProperty("storage");
    const env = { PAWPRINT_STORAGE_BUCKET: "b", PAWPRINT_STORAGE_TOKEN: "t" };
    expect(loadConfig({ schema, env }).storage).toEqual({ bucket: "b", token: "t", region: "eu" });
  });
});

describe("text from flags and the environment", () => {
  it("becomes the type that the schema asks for", () => {
    const flags = {
      "train.augment": "0",
      "train.learningRate": "1e-3",
      "train.threads": "4",
      name: "007",
      extra: '{"a": 1}',
    };
    const config = loadConfig({ schema, flags });
    expect(config.train).toMatchObject({ augment: false, learningRate: 0.001, threads: 4 });
    expect(config.name).toBe("007");
    expect(config.extra).toEqual({ a: 1 });
    expect(loadConfig({ schema, flags: { "train.threads": "auto" } }).train.threads).toBe("auto");
  });
});

describe("a value that does not fit", () => {
  it("is refused with the flag that carried it", () => {
    expect(fault({ flags: { "train.learningRate": "fast" } })).toMatchObject({
      code: "CONFIG_INVALID",
      message: 'Expected a number above 0 for train.learningRate; got "fast" (flag --learning-rate)',
    });
  });

  it("is refused with the variable that carried it", () => {
    expect(fault({ env: { PAWPRINT_TRAIN_EPOCHS: "0" } }).message).toBe(
      "Expected a whole number from 1 to 1000 for train.epochs; got 0 (environment PAWPRINT_TRAIN_EPOCHS)",
    );
    expect(fault({ env: { PAWPRINT_TRAIN_OPTIMIZER: "" } }).message).toBe(
      'Expected one of sgd, adam for train.optimizer; got "" (environment PAWPRINT_TRAIN_OPTIMIZER)',
    );
  });

  it("is refused with its line, also where a flag overrides it", () => {
    const fileText = "seed: 1\ntrain:\n  # how often\n  epochs: many\n";
    expect(fault({ fileText, flags: { "train.epochs": 5 } }).message).toBe(
      'Expected a whole number from 1 to 1000 for train.epochs; got "many" (pawprint.yaml line 4)',
    );
  });

  it("is refused where a section holds a plain value or the file a list", () => {
    expect(fault({ fileText: "storage: 5" }).message).toBe(
      "Expected keys below storage (bucket, token, region); got 5 (pawprint.yaml line 1)",
    );
    expect(fault({ fileText: "- a", fileName: "other.yaml" }).message).toMatch(
      /^Expected keys below the top of the file \(seed, .*\); got \["a"\] \(other.yaml line 1\)$/,
    );
  });

  it("is refused where it is missing, with the three places to set it", () => {
    expect(fault({ fileText: "storage: { token: t }" })).toEqual({
      code: "CONFIG_INVALID",
      message: "Expected a text for storage.bucket; got no value",
      hint: "give --bucket, set PAWPRINT_STORAGE_BUCKET, or write storage.bucket in the configuration file",
    });
  });
});

describe("a key that does not exist", () => {
  it("is refused in the file with its line and the nearest key", () => {
    expect(fault({ fileText: "train:\n  epocs: 3\n" })).toEqual({
      code: "CONFIG_UNKNOWN_KEY",
      message: "Expected a known configuration key; got train.epocs (pawprint.yaml line 2)",
      hint: "did you mean epochs?",
    });
  });

  it("is refused in the environment with the nearest name", () => {
    expect(fault({ env: { PAWPRINT_TRAIN_EPOCS: "3" } })).toEqual({
      code: "CONFIG_UNKNOWN_KEY",
      message: "Expected a known configuration key; got PAWPRINT_TRAIN_EPOCS (environment)",
      hint: "did you mean PAWPRINT_TRAIN_EPOCHS?",
    });
  });

  it("is refused among flags, and for names that every object has", () => {
    expect(fault({ flags: { "train.epoch": 3 } }).hint).toBe("did you mean train.epochs?");
    expect(fault({ fileText: "constructor: 1" }).code).toBe("CONFIG_UNKNOWN_KEY");
    expect(fault({ fileText: "__proto__: { seed: 1 }" }).code).toBe("CONFIG_UNKNOWN_KEY");
  });

  it("is passed over where Kubernetes set it for a Service named pawprint", () => {
    const env = {
      PAWPRINT_SERVICE_HOST: "10.0.0.1",
      PAWPRINT_SERVICE_PORT_HTTP: "80",
      PAWPRINT_PORT: "tcp://10.0.0.1:80",
      PAWPRINT_PORT_80_TCP: "tcp://10.0.0.1:80",
      PAWPRINT_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    expect(loadConfig({ schema, env })).toEqual(defaults);
  });

  it("is passed over where tests and benchmarks are told by it where their things are", () => {
    const env = { PAWPRINT_TEST_DATA: "/data", PAWPRINT_PEER_PYTHON: "/usr/bin/python3" };
    expect(loadConfig({ schema, env })).toEqual(defaults);
  });

  it("is passed over where it names the stage of a pipeline", () => {
    expect(loadConfig({ schema, env: { PAWPRINT_PIPELINE_STAGE: "dvc.yaml:train" } })).toEqual(defaults);
  });
});

describe("a file that is not valid YAML", () => {
  it("is refused with its line", () => {
    expect(fault({ fileText: "seed: 1\ntrain: [1, 2\n" })).toMatchObject({
      code: "CONFIG_UNREADABLE",
      message: expect.stringMatching(/^Expected a configuration file in valid YAML; got .+ \(pawprint.yaml line \d\)$/),
    });
    expect(fault({ fileText: "seed: 1\nseed: 2\n" }).message).toBe(
      "Expected a configuration file in valid YAML; got Map keys must be unique (pawprint.yaml line 2)",
    );
  });

  it("is refused where it is nested without end, or made of aliases of aliases", () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    expect(fault({ fileText: `seed: 1\nlabels: ${deep}\n` })).toMatchObject({
      code: "CONFIG_UNREADABLE",
      message: expect.stringContaining("got lists or maps nested too deep (pawprint.yaml line 2)"),
    });
    const nine = (name: string): string => `[${Array(9).fill(name)}]`;
    const aliases = `seed: &a ${nine("x")}\nname: &b ${nine("*a")}\nlabels: &c ${nine("*b")}\nextra: ${nine("*c")}\n`;
    expect(fault({ fileText: aliases })).toMatchObject({ code: "CONFIG_UNREADABLE" });
    expect(fault({ env: { PAWPRINT_EXTRA: deep } })).toMatchObject({ code: "CONFIG_INVALID" });
  });
});
