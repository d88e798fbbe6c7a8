/** Requests whose bodies are malformed: pictures, forms, JSON, tensors. */
import fc from "fast-check";
import { json, type Maker, pick, pictureRoutes, routeFor } from "./maker.ts";
import { badPicture, randomBytes } from "./pictures.ts";
import { rawRequest } from "./request.ts";

export const bodyMakers: Readonly<Record<string, Maker>> = {
  pictureFile(random, { pictures }) {
    const { kind, bytes } = badPicture(random, pictures);
    const type = pick(random, ["image/jpeg", "image/png", "image/x-unknown", "application/octet-stream"]);
    return {
      kind,
      bytes: rawRequest({ path: pick(random, pictureRoutes), headers: { "content-type": type }, body: bytes }),
    };
  },

  pictureInJson(random, { pictures }) {
    const { kind, bytes } = badPicture(random, pictures);
    const text = `${pick(random, ["", "data:image/png;base64,", "data:,"])}${bytes.toString("base64")}`;
    const body = pick(random, [{ image: text }, { images: [text, text] }, { image: [text] }, { instances: [text] }]);
    return {
      kind: `${kind}, in JSON`,
      bytes: rawRequest({
        path: pick(random, ["/predict", "/invocations"]),
        headers: json,
        body: JSON.stringify(body),
      }),
    };
  },

  form(random, { pictures }) {
    const { kind, bytes } = badPicture(random, pictures);
    const boundary = "b";
    const files = Array.from({ length: random.integer(4) }, () =>
      Buffer.concat([
        Buffer.from(
          `--${boundary}\r\nContent-Disposition: form-data${pick(random, ['; name="file"', '; name=""', '; name="é"', '; name="a\\"', "", '; filename=""', '; filename="cat.jpg"', '; name="file"; filename="../../x"', '; name="f"; filename="\0"', "\r\nContent-Type: application/octet-stream"])}\r\n\r\n`,
        ),
        bytes,
        Buffer.from("\r\n"),
      ]),
    );
    const whole = Buffer.concat([...files, Buffer.from(`--${boundary}--\r\n`)]);
    const body = random.integer(3) === 0 ? whole.subarray(0, random.integer(whole.length)) : whole;
    const type = pick(random, [
      `multipart/form-data; boundary=${boundary}`,
      "multipart/form-data",
      "multipart/form-data; boundary=",
      `multipart/form-data; boundary=${"x".repeat(300)}`,
    ]);
    return {
      kind: `a form with ${kind}`,
      bytes: rawRequest({ path: "/predict", headers: { "content-type": type }, body }),
    };
  },

  formOfManyParts(random) {
    const part = pick(random, ['name="top_k"\r\n\r\n3', 'name="x"; filename="x"\r\n\r\n', 'name="x"\r\n\r\n1']);
    const body = `${`--b\r\nContent-Disposition: form-data; ${part}\r\n`.repeat(1 + random.integer(200))}--b--\r\n`;
    return {
      kind: "a form of many parts",
      bytes: rawRequest({ path: "/predict", headers: { "content-type": "multipart/form-data; boundary=b" }, body }),
    };
  },

  wrongNumbers(random, { recipe }) {
    const { height, width, channels } = recipe;
    const picture = Array.from({ length: height }, () =>
      Array.from({ length: width }, () => Array.from({ length: channels }, () => random.integer(256))),
    ) as unknown[][][];
    const odd = pick(random, [-1, 256, 1e300, "7", null, [], {}, true, 0.5, "NaN"]);
    const row = random.integer(height);
    const wrongs = [
      () => (picture[row]![random.integer(width)]![random.integer(channels)] = odd),
      () => picture[row]!.pop(),
      () => ((picture as unknown[])[row] = odd),
    ];
    pick(random, wrongs)();
    const key = pick(random, ["image", "images", "instances", "inputs", "picture"]);
    return {
      kind: "a picture with a wrong number or row",
      bytes: rawRequest({
        path: pick(random, ["/predict", "/invocations"]),
        headers: json,
        body: JSON.stringify({ [key]: key === "image" ? picture : [picture] }),
      }),
    };
  },

  brokenJson(random) {
    const bodies = [
      "",
      "{",
      '{"image":',
      '{"image":[NaN]}',
      '{"image":[Infinity,-Infinity]}',
      '{"image":[1e999]}',
      '{"image":[01]}',
      '{"image":[1,]}',
      '{"image":"\ud800"}',
      '\ufeff{"image":[1]}',
      '{"image":[1],"image":[2]}',
      '{"__proto__":{"image":[1]}}',
      '{"image":{"constructor":{"prototype":{}}}}',
      '{"image":[1]}trailing',
      "null",
      "[]",
      '"text"',
      "1",
      "\0\0\0",
      '{"image": [[0.5]], "top_k": 1e9}',
    ];
    return {
      kind: "JSON that is broken or of the wrong kind",
      bytes: rawRequest({ path: routeFor(random, "m"), headers: json, body: pick(random, bodies) }),
    };
  },

  deepJson(random) {
    const depth = 10 ** (1 + random.integer(5));
    const [open, close] = pick(random, [
      ["[", "]"],
      ['{"a":', "}"],
      ['{"image":[', "]}"],
    ] as const);
    const core = pick(random, ["1", "", "[]"]);
    return {
      kind: "deep JSON",
      bytes: rawRequest({
        path: routeFor(random, "m"),
        headers: json,
        body: `{"${pick(random, ["image", "images", "inputs", "instances", "x"])}":${open.repeat(depth)}${core}${close.repeat(depth)}}`,
      }),
    };
  },

  anyJson(random, { modelName }) {
    const arbitrary = pick(random, [
      fc.jsonValue({ maxDepth: 5 }),
      fc.jsonValue({ stringUnit: "binary" }),
      bodyArbitrary,
    ]);
    const [value] = fc.sample(arbitrary, { numRuns: 1, seed: random.uint32() | 0 });
    return {
      kind: "some JSON",
      bytes: rawRequest({ path: routeFor(random, modelName), headers: json, body: JSON.stringify(value) }),
    };
  },

  tensor(random, { modelName, recipe }) {
    const { height, width, channels } = recipe;
    const shape = pick(random, [
      [1, height, width, channels],
      [2, height, width, channels],
      [1, 1e15, 1e15, 3],
      [-1, height, width, channels],
      [0],
      [],
      [Number.MAX_SAFE_INTEGER],
      [1],
      [1.5],
    ]);
    const data = pick(random, [
      [1, 2, 3],
      [],
      ["x"],
      [[1], [2, 3]],
      "text",
      undefined,
      Array(height * width * channels).fill(300),
    ]);
    const input = {
      name: pick(random, ["pictures", "other", "", "__proto__"]),
      shape,
      datatype: pick(random, ["UINT8", "FP32", "BYTES", "", "INT64", "uint8"]),
      ...(data !== undefined && { data }),
      ...(random.integer(3) === 0 && { parameters: { binary_data_size: pick(random, [0, 4, -1, 1e12, "4", 1.5]) } }),
    };
    const body = {
      inputs: Array(random.integer(3)).fill(input),
      outputs: pick(random, [undefined, [], [{ name: "x" }]]),
    };
    const lengths = ["0", "-1", "10", "1e9", "x"];
    return {
      kind: "a wrong tensor",
      bytes: rawRequest({
        path: `/v2/models/${pick(random, [modelName, "x", "..%2f..", "%00"])}/infer`,
        headers: {
          ...json,
          ...(random.integer(3) === 0 && { "inference-header-content-length": pick(random, lengths) }),
        },
        body: Buffer.concat([Buffer.from(JSON.stringify(body)), randomBytes(random, random.integer(20))]),
      }),
    };
  },

  frame(random) {
    const body = pick(random, [
      { dataframe_split: { data: [] } },
      { dataframe_split: { columns: ["a", "b"], data: [[1, 2]] } },
      { dataframe_split: { data: [[[1]], [[2]]] } },
      { dataframe_records: [{}] },
      { dataframe_records: [{ a: 1, b: 2 }] },
      { dataframe_records: "x" },
      { instances: {}, inputs: {} },
      { inputs: { pictures: [] } },
      { inputs: { pictures: [[]], other: 1 } },
      { params: {} },
    ]);
    return {
      kind: "a wrong frame",
      bytes: rawRequest({ path: "/invocations", headers: json, body: JSON.stringify(body) }),
    };
  },
};

/** Bodies that are nearly right. */
const anything = fc.jsonValue({ maxDepth: 3 });
const bodyArbitrary = fc.record(
  {
    image: anything,
    images: fc.array(anything),
    top_k: fc.oneof(fc.integer(), anything),
    instances: fc.array(anything),
    inputs: fc.oneof(
      fc.array(
        fc.record({
          name: fc.constant("pictures"),
          shape: fc.array(fc.integer()),
          datatype: fc.string(),
          data: anything,
        }),
      ),
      anything,
    ),
    dataframe_split: fc.record({ columns: anything, data: fc.array(fc.array(anything)) }),
  },
  { requiredKeys: [] },
);
