/**
 * Alarms sent to an address, signed by the scheme of Standard Webhooks, for which receivers have
 * libraries in many languages (https://www.standardwebhooks.com): HMAC-SHA256 of "id.timestamp.body".
 */
import { createHmac, randomUUID } from "node:crypto";
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { fetch } from "../base/fetch.ts";
import { type RetryTiming, systemTiming, waitBefore } from "../tracking/rest/retry.ts";

export interface WebhookOptions {
  /** http or https. */
  readonly url: string;
  /** `whsec_` and base64 of 24 to 64 bytes. */
  readonly secret: string;
  readonly signal?: AbortSignal;
  readonly timing?: RetryTiming;
}

const attempts = 4;
const timeoutMs = 10_000;

/** The signing key. Errors: CONFIG_INVALID, which does not show the secret. */
export function parseWebhookSecret(secret: string): Buffer {
  const [, text] = /^whsec_([A-Za-z0-9+/]+=*)$/.exec(secret.trim()) ?? [];
  const key = Buffer.from(text ?? "", "base64");
  if (key.length >= 24 && key.length <= 64) return key;
  throw new AppError("CONFIG_INVALID", {
    required: "a webhook secret: whsec_ and base64 of 24 to 64 bytes",
    received: text === undefined ? "a text of another form" : `${key.length} bytes`,
    where: "PAWPRINT_WEBHOOK_SECRET",
    hint: `make one with: echo "whsec_$(openssl rand -base64 32)"`,
  });
}

/** The headers of a message. */
export function signedHeaders(key: Buffer, id: string, timestampS: number, body: string): Record<string, string> {
  const signature = createHmac("sha256", key).update(`${id}.${timestampS}.${body}`).digest("base64");
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": `v1,${signature}`,
  };
}

/**
 * Sends one event; the receiver tells repeated ones by their id, which stays. Tried again, 4 times in
 * all, after failures of the network, 429 and 5xx. Errors: WEBHOOK_FAILED, INTERRUPTED; CONFIG_INVALID.
 */
export async function sendWebhook(
  event: object,
  { url, secret, signal, timing = systemTiming }: WebhookOptions,
): Promise<void> {
  const key = parseWebhookSecret(secret);
  const body = JSON.stringify(event);
  const id = `msg_${randomUUID()}`;
  let received = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await timing.sleep(waitBefore(attempt - 1, undefined, timing.random) ?? 0, signal);
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: signedHeaders(key, id, Math.floor(timing.now() / 1000), body),
        body,
        redirect: "error",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      received = `status ${answer.status}`;
      if (answer.status !== 429 && answer.status < 500) break;
    } catch (error) {
      throwIfCancelled(signal);
      received = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : causeText(error);
    }
  }
  throw new AppError("WEBHOOK_FAILED", {
    required: "a receiver that takes the message",
    received,
    where: shownAddress(url),
  });
}

/** Without what may be secret: user, path and query. */
export function shownAddress(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "the address of the webhook";
}

function causeText(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
