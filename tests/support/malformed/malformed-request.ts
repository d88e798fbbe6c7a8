/**
 * Requests as mistaken or hostile clients send them: each seed has its own, always the same one.
 */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { createRandom, type Random } from "../../../src/base/random.ts";
import type { Recipe } from "../../../src/image/recipe.ts";
import { badPicture, randomBytes } from "./pictures.ts";
import { type RawRequest, rawRequest } from "./request.ts";

export interface MalformedOptions {
  /** Of the service's model. */
  readonly recipe: Recipe;
  readonly modelName: string;
  /** Whole picture files. */
  readonly pictures: readonly Buffer[];
  /** The largest body that the service takes. */
  readonly bodyBytes: number;
}

/**
 * Some of them are right by chance: what holds for all is that the service survives them and says
 * what it thinks of them.
 */
export function malformedRequest(seed: number, options: MalformedOptions): RawRequest {
  const random = createRandom(seed);
  const kinds = Object.values(makers);
  return kinds[random.integer(kinds.length)]!(random, options);
}

const json = { "content-type": "application/json" };
const pictureRoutes = ["/predict", "/explain", "/predict?top_k=3", "/explain?class=1"];
const jsonRoutes = ["/predict", "/explain", "/invocations", "/v2/models/MODEL/infer"];

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

type Maker = (random: Random, options: MalformedOptions) => RawRequest;

const makers: Readonly<Record<string, Maker>> = {
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

  wrongType(random, { pictures }) {
    const type = pick(random, [
      "text/plain",
      "application/xml",
      "image",
      "multipart/mixed; boundary=b",
      ";;;",
      "application/json; charset=utf-16",
      "x".repeat(500),
    ]);
    return {
      kind: "a type that is not taken",
      bytes: rawRequest({
        path: pick(random, jsonRoutes),
        headers: { "content-type": type },
        body: pick(random, pictures),
      }),
    };
  },

  encoded(random) {
    const body = gzipSync(Buffer.alloc(20_000_000));
    return {
      kind: "a compressed body that grows",
      bytes: rawRequest({
        path: pick(random, ["/predict", "/invocations"]),
        headers: {
          ...pick(random, [json, { "content-type": "image/png" }]),
          "content-encoding": pick(random, ["gzip", "br", "x"]),
        },
        body,
      }),
    };
  },

  tooLarge(random, { bodyBytes }) {
    const headers = {
      "content-type": pick(random, ["image/jpeg", "application/json"]),
      "content-length": String(bodyBytes + 1 + random.integer(1e9)),
    };
    return { kind: "a body that is too large", bytes: rawRequest({ path: "/predict", headers, body: "abc" }) };
  },

  tooLargeInChunks(random, { bodyBytes }) {
    const chunk = Buffer.alloc(Math.min(bodyBytes + 1, 1 << 20), 0x20);
    const chunks = Array.from({ length: Math.ceil((bodyBytes + 2) / chunk.length) }, () =>
      Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
    );
    const headers = {
      "content-type": pick(random, ["image/jpeg", "application/json"]),
      "transfer-encoding": "chunked",
    };
    // Large to send: most of these are cut short.
    const sent = random.integer(20) === 0 ? chunks : chunks.slice(0, 1);
    return {
      kind: "chunks without an end, or too many",
      bytes: rawRequest({ path: "/predict", headers, body: Buffer.concat(sent) }),
      isSlow: true,
    };
  },

  manyPictures(random) {
    const body = { images: Array(65 + random.integer(1000)).fill("AAAA") };
    return {
      kind: "too many pictures",
      bytes: rawRequest({ path: "/predict", headers: json, body: JSON.stringify(body) }),
    };
  },

  wrongHeaders(random, { pictures }) {
    const odd = pick(random, [
      { "x-deadline-ms": pick(random, ["0", "-5", "x", "1e400", "NaN", ""]) },
      { "x-deadline-ms": "1" },
      { "x-request-id": pick(random, ["a b", '"}{"level":60', "x".repeat(1000), "é"]) },
      { traceparent: pick(random, ["x", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`, "ff-1-2-3"]) },
      { authorization: pick(random, ["Bearer x", "Basic eA==", "Bearer", "Bearer a.b.c"]) },
      { expect: pick(random, ["100-continue", "200-ok"]) },
      { "x-request-key": "k".repeat(8000) },
      { connection: "upgrade", upgrade: "websocket" },
    ]);
    return {
      kind: `an odd header ${Object.keys(odd).join(", ")}`,
      bytes: rawRequest({
        path: "/predict",
        headers: { "content-type": "image/jpeg", ...odd },
        body: pick(random, pictures),
      }),
    };
  },

  wrongPath(random) {
    const path = pick(random, [
      "/",
      "//",
      "/nothing",
      "/predict/",
      "/predict?top_k=0",
      "/predict?top_k=x&top_k=2",
      "/predict?unknown=1",
      "/explain?class=99",
      "/explain?class=",
      "/samples/-1",
      "/samples/99999999999999999999",
      "/samples/..%2f..%2fetc%2fpasswd",
      "/playground/../../package.json",
      "/playground/%2e%2e/%2e%2e/package.json",
      "/%",
      "/%ff",
      "/v2/models/%E0%A4%A/infer",
      `/${"a".repeat(8000)}`,
      "/admin/reload",
      "/v2/models/x/versions/y/ready",
      "/docs/../predict",
      "*",
      "http://other/predict",
    ]);
    const method = pick(random, ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"]);
    return { kind: "an odd path or method", bytes: rawRequest({ method, path }) };
  },

  brokenHttp(random) {
    const bytes = pick(random, [
      "\r\n\r\n",
      "GET\r\n\r\n",
      "POST /predict\r\n\r\n",
      "POST /predict HTTP/9.9\r\n\r\n",
      "POST /predict HTTP/1.1\r\n\r\n",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1e3\r\n\r\n",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: image/png\r\n\r\nZZ\r\n\r\n",
      "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
      "GET / HTTP/1.1\r\nhost: x\r\n: no name\r\n\r\n",
      `GET / HTTP/1.1\r\nhost: x\r\nlong: ${"x".repeat(20_000)}\r\n\r\n`,
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]);
    return { kind: "broken HTTP", bytes: Buffer.from(bytes, "latin1") };
  },

  noise(random) {
    return {
      kind: "noise",
      bytes: Buffer.concat([randomBytes(random, 1 + random.integer(300)), Buffer.from("\r\n\r\n")]),
    };
  },

  slowBody(random) {
    const headers = {
      "content-type": pick(random, ["image/jpeg", "application/json", "multipart/form-data; boundary=b"]),
      "content-length": "1000",
    };
    return {
      kind: "a body that never ends",
      bytes: rawRequest({ path: "/predict", headers, body: "{" }),
      isSlow: true,
    };
  },

  slowHead(random) {
    const bytes = Buffer.from(pick(random, ["POST /pre", "POST /predict HTTP/1.1\r\nhost:", "G"]));
    return { kind: "a head that never ends", bytes, isSlow: true };
  },

  abandoned(random, { pictures }) {
    const whole = rawRequest({
      path: pick(random, pictureRoutes),
      headers: { "content-type": "image/jpeg" },
      body: pick(random, pictures),
    });
    const bytes = random.integer(2) === 0 ? whole : whole.subarray(0, 1 + random.integer(whole.length));
    return { kind: "a client that goes away", bytes, isAbandoned: true };
  },

  pipelined(random, { pictures }) {
    const one = rawRequest({
      path: "/predict",
      headers: { "content-type": "image/jpeg" },
      body: pick(random, pictures).subarray(0, 50),
    });
    return { kind: "several requests at once", bytes: Buffer.concat(Array(1 + random.integer(20)).fill(one)) };
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

function routeFor(random: Random, modelName: string): string {
  return pick(random, jsonRoutes).replace("MODEL", modelName);
}
