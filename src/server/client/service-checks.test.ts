import { expect, it } from "vitest";
import { createClient } from "./client.ts";
import { serviceChecks } from "./service-checks.ts";

it("says what is wrong with readiness, pages, metrics and refusals", async () => {
  const twist: Readonly<Record<string, () => Response>> = {
    "/health": () => Response.json({ status: "healthy", model_loaded: false }),
    "/readyz": () => Response.json({ status: "draining" }, { status: 503 }),
    "/docs": () => new Response("none", { status: 404 }),
    "/metrics": () => new Response("<html>"),
    "/predict": () => Response.json({ error: { code: "INTERNAL" } }, { status: 400 }),
    "/no-such-route": () => new Response("a page of a proxy"),
    "/version": () => new Response("1.0.0\n"),
  };
  const changed: typeof fetch = async (url) => twist[new URL(String(url)).pathname]!();
  const origin = "http://x";
  const client = createClient(origin, { fetch: changed });
  const steps = [];
  const expected = { version: "1.0.0", commit: "ab".repeat(20) };
  for await (const step of serviceChecks({ client, origin, fetch: changed, now: () => 0 }, expected)) steps.push(step);
  expect(Object.fromEntries(steps.map(({ check, fault }) => [check, fault]))).toEqual({
    "a model is loaded": "no model is loaded",
    ready: expect.stringContaining("503"),
    documentation: "expected status 200; got 404",
    "metrics can be parsed": expect.stringContaining("line 1"),
    "a broken body is refused": "expected the code REQUEST_INVALID; got INTERNAL",
    "an unknown route is refused": "expected status 404; got 200",
    // An earlier service says its version as text, and nothing else.
    "version 1.0.0": undefined,
    [`commit ${"ab".repeat(20)}`]: `expected ${"ab".repeat(20)}; the service does not say`,
  });
});
