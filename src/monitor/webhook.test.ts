import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseWebhookSecret, sendWebhook, signedHeaders } from "./webhook.ts";

const key = Buffer.from("a key of 32 bytes, which is long");
const secret = `whsec_${key.toString("base64")}`;

describe("a secret", () => {
  it("is 24 to 64 bytes in base64 after whsec_", () => {
    expect(parseWebhookSecret(` ${secret}\n`)).toEqual(key);
  });

  it.each(["", "whsec_", `whsec_${Buffer.alloc(23).toString("base64")}`, key.toString("base64"), `${secret}!`])(
    "is not %j, and is not shown",
    (text) => {
      const refusal = expect.objectContaining({ code: "CONFIG_INVALID", where: "PAWPRINT_WEBHOOK_SECRET" });
      expect(() => parseWebhookSecret(text)).toThrow(refusal);
      const shown = (() => {
        try {
          return parseWebhookSecret(text);
        } catch (error) {
          return String(error);
        }
      })();
      if (text.length > 10) expect(shown).not.toContain(text);
    },
  );
});

it("signs as the specification's example does", () => {
  // https://github.com/standard-webhooks/standard-webhooks, "Signature scheme": id.timestamp.payload
  const headers = signedHeaders(key, "msg_1", 1_700_000_000, '{"a":1}');
  const expected = createHmac("sha256", key).update('msg_1.1700000000.{"a":1}').digest("base64");
  expect(headers).toMatchObject({
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": `v1,${expected}`,
  });
});

describe("a message", () => {
  let server: Server;
  let url: string;
  let answers: number[];
  let received: { readonly headers: IncomingMessage["headers"]; readonly body: string }[];
  const waits: number[] = [];
  const timing = {
    sleep: async (ms: number) => {
      waits.push(ms);
    },
    random: () => 0,
    now: () => 1_700_000_000_000,
  };

  beforeEach(async () => {
    [answers, received] = [[], []];
    waits.length = 0;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        received.push({ headers: request.headers, body });
        response.statusCode = answers.shift() ?? 204;
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://user:pass@127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=t`.replace("user:pass@", "");
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("arrives once, with a signature that its body fits", async () => {
    await sendWebhook({ type: "monitor.alarm" }, { url, secret, timing });
    const [{ headers, body }] = received as [(typeof received)[0]];
    expect(received).toHaveLength(1);
    expect(JSON.parse(body)).toEqual({ type: "monitor.alarm" });
    const id = String(headers["webhook-id"]);
    expect(headers["webhook-signature"]).toBe(signedHeaders(key, id, 1_700_000_000, body)["webhook-signature"]);
  });

  it("is sent again with the same id after 429 and 5xx, and is given up after four times", async () => {
    answers = [500, 429];
    await sendWebhook({}, { url, secret, timing });
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect([received.length, waits]).toEqual([3, [250, 500]]);
    answers = [503, 503, 503, 503, 503];
    await expect(sendWebhook({}, { url, secret, timing })).rejects.toMatchObject({
      code: "WEBHOOK_FAILED",
      received: "status 503",
      where: new URL(url).origin,
    });
    expect(received).toHaveLength(7);
  });

  it("is not sent again where it was refused, nor after a redirection", async () => {
    answers = [401];
    await expect(sendWebhook({}, { url, secret, timing })).rejects.toMatchObject({ received: "status 401" });
    expect(received).toHaveLength(1);
  });

  it("says that nobody answers, without the address's secrets", async () => {
    const nobody = "http://127.0.0.1:1/hook?token=secret";
    const failure = await sendWebhook({}, { url: nobody, secret, timing }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "WEBHOOK_FAILED", where: "http://127.0.0.1:1" });
    expect(JSON.stringify(failure)).not.toContain("token");
  });
});
