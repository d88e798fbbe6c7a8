/**
 * All ways in which Node, Fastify and its plugins could answer by themselves, over a real socket:
 * every answer has the form of its protocol, the security headers and a request id, and is counted.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw } from "../../../tests/support/malformed/send-raw.ts";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";

const origin = "https://shop.example";
let service: RunningService;
beforeAll(async () => {
  service = await startService(petModel, { corsOrigins: [origin], bodyBytes: 4096, bodyTimeoutMs: 400 });
});
afterAll(() => service.close());

async function ask(text: string) {
  const { port } = new URL(service.origin);
  const answer = await sendRaw(Number(port), { kind: text.slice(0, 100), bytes: Buffer.from(text, "latin1") }, 10_000);
  const [head = "", body = ""] = answer.text.split(/\r\n\r\n(.*)/s);
  const headers = Object.fromEntries(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: answer.status, headers, body };
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;
const post = (path: string, more: string, body = "") =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n${body}`;
const long = "a".repeat(5000);
const json = "content-type: application/json\r\n";

const pawprint: readonly (readonly [what: string, request: string, status: number, code: string])[] = [
  ["bad percent-encoding in a parameter", get("/samples/%zz"), 400, "REQUEST_INVALID"],
  ["bad percent-encoding in a path", get("/%"), 400, "REQUEST_INVALID"],
  ["bytes that are not UTF-8", get("/%ff"), 400, "REQUEST_INVALID"],
  ["bad percent-encoding of a page", get("/playground/%zz"), 400, "REQUEST_INVALID"],
  ["a parameter that is too long", get(`/samples/${long}`), 400, "REQUEST_INVALID"],
  ["a parameter of many digits", get(`/samples/${"9".repeat(5000)}`), 404, "FILE_NOT_FOUND"],
  ["a path that is too long", get(`/${long}`), 404, "ROUTE_UNKNOWN"],
  ["two slashes", get("//"), 404, "ROUTE_UNKNOWN"],
  ["two slashes before a route", get("//predict"), 404, "ROUTE_UNKNOWN"],
  ["a fragment", get("/nothing#top"), 404, "ROUTE_UNKNOWN"],
  ["a whole URL", get("http://localhost/nothing"), 404, "ROUTE_UNKNOWN"],
  ["a whole URL without a path", get("http://localhost"), 400, "REQUEST_INVALID"],
  ["a whole URL of another host", get("http://other/model"), 421, "HOST_NOT_ALLOWED"],
  ["another scheme", get("ftp://localhost/model"), 400, "REQUEST_INVALID"],
  ["a dot path to a file", get("/docs/static/../../../package.json"), 400, "REQUEST_INVALID"],
  ["an encoded dot path to a file", get("/docs/static/%2e%2e/%2e%2e/package.json"), 400, "REQUEST_INVALID"],
  ["a file that the pages lack", get("/docs/static/nothing.js"), 404, "ROUTE_UNKNOWN"],
  ["a range that a page lacks", get("/docs/static/index.css", "range: bytes=99999999-\r\n"), 400, "REQUEST_INVALID"],
  ["a method that the path lacks", "DELETE /model HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
  ["a method of WebDAV", "PROPFIND /model HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
  ["TRACE", "TRACE /predict HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
  ["a method that HTTP lacks", "BREW /model HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "REQUEST_INVALID"],
  ["a tunnel", "CONNECT other:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
  ["a web socket", get("/nothing", "connection: upgrade\r\nupgrade: websocket\r\n"), 404, "ROUTE_UNKNOWN"],
  ["HTTP/1.0", "GET /nothing HTTP/1.0\r\n\r\n", 404, "ROUTE_UNKNOWN"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "REQUEST_INVALID"],
  ["a version that HTTP lacks", "GET / HTTP/9.9\r\nhost: localhost\r\n\r\n", 400, "REQUEST_INVALID"],
  ["no HTTP", "hello\r\n\r\n", 400, "REQUEST_INVALID"],
  ["a header without a colon", get("/model", "bad header\r\n"), 400, "REQUEST_INVALID"],
  ["headers that are too large", get("/model", `long: ${"x".repeat(20_000)}\r\n`), 431, "REQUEST_INVALID"],
  ["no host", "GET /model HTTP/1.1\r\n\r\n", 400, "REQUEST_INVALID"],
  ["an unknown expectation", get("/model", "expect: tea\r\n"), 417, "REQUEST_INVALID"],
  ["a query that the route lacks", post("/predict?size=3", `${json}content-length: 0\r\n`), 400, "REQUEST_INVALID"],
  ["a negative length", post("/predict", "content-length: -1\r\n"), 400, "REQUEST_INVALID"],
  ["a length that is no number", post("/predict", "content-length: 1e3\r\n"), 400, "REQUEST_INVALID"],
  ["two lengths", post("/predict", "content-length: 3\r\ncontent-length: 4\r\n", "abcd"), 400, "REQUEST_INVALID"],
  ["an unknown transfer coding", post("/predict", "transfer-encoding: gzip\r\n"), 400, "REQUEST_INVALID"],
  ["a broken chunk", post("/predict", `${json}transfer-encoding: chunked\r\n`, "ZZ\r\n"), 400, "REQUEST_INVALID"],
  [
    "chunk extensions that are too large",
    post("/predict", `${json}transfer-encoding: chunked\r\n`, `1;${"a".repeat(17_000)}\r\nA\r\n0\r\n\r\n`),
    413,
    "REQUEST_TOO_LARGE",
  ],
  [
    "chunks that are too large together",
    post("/predict", `${json}transfer-encoding: chunked\r\n`, `2000\r\n${" ".repeat(8192)}\r\n0\r\n\r\n`),
    413,
    "REQUEST_TOO_LARGE",
  ],
  ["a body that is too large", post("/predict", `${json}content-length: 5000\r\n`), 413, "REQUEST_TOO_LARGE"],
  ["a body that stays away", post("/predict", `${json}content-length: 9\r\n`, "{"), 408, "REQUEST_TIMEOUT"],
  ["a head that stays away", "GET /model HTTP/1.1\r\nhost:", 408, "REQUEST_TIMEOUT"],
  [
    "a media type that is none",
    post("/predict", "content-type: ;;;\r\ncontent-length: 1\r\n", "1"),
    415,
    "MEDIA_TYPE_UNSUPPORTED",
  ],
  [
    "another media type",
    post("/predict", "content-type: text/html\r\ncontent-length: 1\r\n", "1"),
    415,
    "MEDIA_TYPE_UNSUPPORTED",
  ],
  [
    "another content coding",
    post("/predict", `${json}content-encoding: br\r\ncontent-length: 1\r\n`, "1"),
    415,
    "MEDIA_TYPE_UNSUPPORTED",
  ],
  ["text in UTF-16", post("/predict", `${json}content-length: 4\r\n`, "{\0}\0"), 400, "REQUEST_INVALID"],
];

/** Routes of other protocols, by the key that their errors have. */
const others: readonly (readonly [what: string, request: string, status: number, key: string])[] = [
  ["bad percent-encoding of a model", get("/v2/models/%E0%A4%A/infer"), 400, "error"],
  ["a model's name that is too long", get(`/v2/models/${long}`), 404, "error"],
  ["a whole URL", get("http://localhost/v2/models/%zz"), 400, "error"],
  ["an unknown expectation", post("/v2/models/m/infer", "expect: tea\r\n"), 417, "error"],
  ["a broken head", get("/v2/models/m", "bad header\r\n"), 400, "error"],
  ["a broken chunk", post("/v2/models/model/infer", `${json}transfer-encoding: chunked\r\n`, "ZZ\r\n"), 400, "error"],
  ["a body that stays away", post("/v2/models/model/infer", `${json}content-length: 9\r\n`, "{"), 408, "error"],
  ["a broken chunk", post("/invocations", `${json}transfer-encoding: chunked\r\n`, "ZZ\r\n"), 400, "error_code"],
  ["a broken length", post("/invocations", "content-length: x\r\n"), 400, "error_code"],
  ["a body that stays away", post("/invocations", `${json}content-length: 9\r\n`, "{"), 408, "error_code"],
];

/** Requests that were answered so far, and those of them that were refused, by what the metrics say. */
async function counts() {
  const text = await service.server.service.metrics.render();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, "gm"))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  return { answered: sum("pawprint_http_requests_total"), refused: sum("pawprint_errors_total") };
}

/** Asks, and looks at what holds for every answer. */
async function askChecked(request: string) {
  const before = await counts();
  const answer = await ask(request);
  const { headers } = answer;
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["content-security-policy"]).toContain("default-src 'self'");
  expect(headers["x-request-id"]).toMatch(/^[\da-f-]{36}$/);
  await expect.poll(counts).toEqual({
    answered: before.answered + 1,
    refused: before.refused + (answer.status >= 400 ? 1 : 0),
  });
  return answer;
}

describe("a refusal has one form", () => {
  it.each(pawprint)("%s", async (_, request, status, code) => {
    const answer = await askChecked(request);
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/json; charset=utf-8"]);
    const { error } = JSON.parse(answer.body);
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^Expected /) });
    expect(error.request_id).toBe(answer.headers["x-request-id"]);
    expect(answer.body.length).toBeLessThan(1000);
  });

  it.each(others)("of its protocol: %s (%#)", async (_, request, status, key) => {
    const answer = await askChecked(request);
    expect([answer.status, Object.keys(JSON.parse(answer.body))[0]]).toEqual([status, key]);
  });
});

describe("an answer that is no refusal has the same headers", () => {
  it.each([
    ["OPTIONS of everything", "OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n", 204],
    ["OPTIONS without an origin", "OPTIONS /predict HTTP/1.1\r\nhost: localhost\r\n\r\n", 204],
    [
      "a preflight",
      `OPTIONS /predict HTTP/1.1\r\nhost: localhost\r\norigin: ${origin}\r\naccess-control-request-method: POST\r\n\r\n`,
      204,
    ],
    ["HEAD", "HEAD /model HTTP/1.1\r\nhost: localhost\r\n\r\n", 200],
    ["a page", get("/docs/"), 200],
    ["a whole URL", get("http://localhost/livez"), 200],
    ["an upgrade that is passed over", get("/livez", "connection: upgrade\r\nupgrade: h2c\r\n"), 200],
    ["an encoded path", get("/%6civez"), 200],
    ["HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", 200],
  ] as const)("%s", async (_, request, status) => {
    expect((await askChecked(request)).status).toBe(status);
  });

  it("HEAD of what is not there has no body", async () => {
    const answer = await askChecked("HEAD /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect([answer.status, answer.body]).toEqual([404, ""]);
  });
});

it("answers come in order: a whole request before the broken one that follows it", async () => {
  const { port } = new URL(service.origin);
  const bytes = Buffer.from(`${get("/livez")}${get("/model", "bad header\r\n")}`);
  const texts: string[] = [];
  const { connect } = await import("node:net");
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => texts.push(chunk.toString("latin1")));
    socket.on("error", reject).on("close", () => resolve());
  });
  expect(texts.join("").match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
});

it("every refusal stands in the log under its id, and none as a client that left", async () => {
  const { headers } = await ask(get("/samples/%zz"));
  const { headers: broken } = await ask("hello\r\n\r\n");
  service.server.service.logger.info("the last line");
  const readLog = () => readFile(join(service.folder, "service.log"), "utf8");
  await expect.poll(readLog, { timeout: 5000 }).toContain("the last line");
  const log = await readLog();
  for (const id of [headers["x-request-id"], broken["x-request-id"]]) expect(log).toContain(`"request_id":"${id}"`);
  expect(log).not.toContain("CLIENT_GONE");
});
