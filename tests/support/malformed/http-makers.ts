/** Requests that are malformed as HTTP: types, sizes, headers, paths, framing, timing. */
import { gzipSync } from "node:zlib";
import { json, jsonRoutes, type Maker, pick, pictureRoutes } from "./maker.ts";
import { randomBytes } from "./pictures.ts";
import { rawRequest } from "./request.ts";

export const httpMakers: Readonly<Record<string, Maker>> = {
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

  encoded(random, { pictures }) {
    const file = gzipSync(pick(random, pictures));
    const bodies = [
      () => gzipSync(Buffer.alloc(20_000_000)),
      () => file.subarray(0, random.integer(file.length)),
      () => file.map((byte) => (random.integer(200) === 0 ? random.integer(256) : byte)),
      () => randomBytes(random, random.integer(4000)),
    ];
    const body = pick(random, bodies)();
    return {
      kind: "a compressed body that grows or is broken",
      bytes: rawRequest({
        path: pick(random, ["/predict", "/invocations"]),
        headers: {
          ...pick(random, [json, { "content-type": "image/png" }]),
          "content-encoding": pick(random, ["gzip", "gzip", "deflate", "br", "gzip, gzip", "x"]),
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
