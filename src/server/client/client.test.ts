import { describe, expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { createClient } from "./client.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function clientThat(answer: Response, key?: string) {
  const sent: Sent[] = [];
  const client = createClient("http://host:8000", {
    ...(key !== undefined && { key }),
    fetch: async (url, init = {}) => {
      sent.push({ url: String(url), init });
      return answer.clone();
    },
  });
  return { client, sent };
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

it("sends nothing to another route than the one that was called, and nothing that is nested without end", async () => {
  const { client, sent } = clientThat(json({}));
  for (const model of ["..", ".", ""]) {
    await expect(client.call("v2ModelReady", { params: { model } })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining(`got '${model}'`),
    });
  }
  const body = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
  await expect(client.call("predict", { body })).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
    message: expect.stringContaining("JSON nested more than 64 levels deep"),
  });
  expect(sent).toEqual([]);
});

it("fills the path and the query in, and sends JSON with the key", async () => {
  const { client, sent } = clientThat(json({ predictions: [] }), "pawprint_1_x");
  await client.call("predict", { query: { top_k: 3 }, body: { image: "AAAA" } });
  await client.call("v2ModelReady", { params: { model: "a b/c" } });
  expect(sent[0]).toMatchObject({
    url: "http://host:8000/predict?top_k=3",
    init: {
      method: "POST",
      body: '{"image":"AAAA"}',
      headers: { authorization: "Bearer pawprint_1_x", "content-type": "application/json" },
    },
  });
  expect(sent[1]!.url).toBe("http://host:8000/v2/models/a%20b%2Fc/ready");
  expect(sent[1]!.init.body).toBeUndefined();
});

it("sends files as they are and leaves their type to them", async () => {
  const { client, sent } = clientThat(json({}));
  const form = new FormData();
  const file = new Blob(["x"], { type: "image/jpeg" });
  await client.call("predict", { body: form });
  await client.call("predict", { body: file });
  expect(sent.map(({ init }) => init.body)).toEqual([form, file]);
  expect(sent.every(({ init }) => !("content-type" in (init.headers as object)))).toBe(true);
});

it("gives JSON parsed, and other answers as bytes", async () => {
  expect(
    (await clientThat(json({ status: "healthy", model_loaded: true })).client.call("health")).json.model_loaded,
  ).toBe(true);
  const { client } = clientThat(new Response("# HELP", { headers: { "content-type": "text/plain" } }));
  const { bytes, json: none } = await client.call("metrics");
  expect(Buffer.from(bytes).toString()).toBe("# HELP");
  expect(none).toBeUndefined();
});

it.each([
  [
    { error: { code: "OVERLOADED", message: "full", hint: "later" } },
    { code: "OVERLOADED", message: "full", hint: "later" },
  ],
  [{ error: "no such model" }, { code: undefined, message: "no such model" }],
  [
    { error_code: "INVALID_PARAMETER_VALUE", message: "ragged" },
    { code: "INVALID_PARAMETER_VALUE", message: "ragged" },
  ],
  [null, { code: undefined, message: "the service answered 503" }],
])("makes an error of %j", async (body, expected) => {
  const { client } = clientThat(json(body, 503, { "retry-after": "7", "x-request-id": "r-1" }));
  const error = await client.call("predict", { body: { image: "AAAA" } }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ ...expected, status: 503, retryAfter: 7, requestId: "r-1" });
});

it("makes an error of a proxy's page, too", async () => {
  const { client } = clientThat(
    new Response("<html>", { status: 502, headers: { "content-type": "application/json" } }),
  );
  await expect(client.call("health")).rejects.toMatchObject({ status: 502, code: undefined, retryAfter: undefined });
});

describe("what is no answer of a service", () => {
  const clientOf = (body: string, type: string) =>
    createClient("http://service", { fetch: async () => new Response(body, { headers: { "content-type": type } }) });
  const picture = new Uint8Array([1]);

  it.each([
    ["<title>Log in</title>", "text/html"],
    ["null", "application/json"],
    ["[]", "application/json"],
    ['{"predictions":[]}', "application/json"],
  ])("is refused: %s", async (body, type) => {
    await expect(clientOf(body, type).predict(picture)).rejects.toMatchObject({ code: "SERVICE_UNREACHABLE" });
  });

  it("is refused where a heat map is wanted", async () => {
    await expect(clientOf("<title>Log in</title>", "text/html").explain(picture)).rejects.toMatchObject({
      code: "SERVICE_UNREACHABLE",
      message: "Expected an answer of a Pawprint service; got text/html",
    });
  });
});

it("keeps the path of an address behind a proxy, and takes none with a query", async () => {
  const asked: string[] = [];
  const answer = async (url: unknown) => {
    asked.push(String(url));
    return Response.json({ label: "cat" });
  };
  for (const origin of ["https://host/pawprint", "https://host/pawprint/"]) {
    await createClient(origin, { fetch: answer as typeof fetch }).predict(new Uint8Array([1]));
  }
  expect(asked).toEqual(["https://host/pawprint/predict", "https://host/pawprint/predict"]);
  expect(() => createClient("https://host/?a=1")).toThrow("Expected the service's address");
});

it("sends no value that would arrive as another", async () => {
  const client = createClient("http://service", { fetch: async () => Response.json({}) });
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const [body, place] of [
    [{ image: [1, Number.NaN] }, "body.image[1]"],
    [{ image: [undefined] }, "body.image[0]"],
    [{ value: Number.POSITIVE_INFINITY }, "body.value"],
    [circle, "body.self"],
  ] as const) {
    const call = client.call("predict", { body: body as never });
    await expect(call).rejects.toMatchObject({ code: "ARGUMENT_INVALID", where: place });
  }
});
