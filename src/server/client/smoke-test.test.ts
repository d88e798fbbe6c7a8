import { expect, it } from "vitest";
import { startService } from "../../../tests/support/running-service.ts";
import { routes } from "../contract/contract.ts";
import { createClient } from "./client.ts";
import { smokeTest } from "./smoke-test.ts";

async function stepsOf(client: ReturnType<typeof createClient>) {
  const steps = [];
  for await (const step of smokeTest(client, () => 0)) steps.push(step);
  return steps;
}

it("calls every public route of a real service, and finds each as the contract says", async () => {
  const service = await startService();
  const steps = await stepsOf(createClient(service.origin));
  await service.close();
  expect(steps.filter(({ ok }) => !ok)).toEqual([]);
  const called = routes.filter(({ scope, follows }) => scope !== "admin" && follows === undefined);
  const expected = called.map(({ method, path }) => `${method} ${path}`);
  // The samples are asked for before the others, to know whether there is one to fetch; and as one
  // of them.
  expect(steps.map(({ route }) => route).sort()).toEqual(expected.sort());
});

it("says where an answer breaks the contract", async () => {
  const service = await startService();
  const twist: Readonly<Record<string, (answer: Response) => Promise<Response> | Response>> = {
    "/health": () => Response.json({ status: "fine", model_loaded: true }),
    "/predict": (answer) => new Response(answer.body, { headers: { "content-type": "text/html" } }),
    "/livez": () => Response.json({}, { status: 500 }),
    "/ping": () => new Response(null, { status: 204 }),
  };
  const client = createClient(service.origin, {
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      return twist[new URL(String(url)).pathname]?.(answer) ?? answer;
    },
  });
  const faults = Object.fromEntries(
    (await stepsOf(client)).filter(({ ok }) => !ok).map(({ route, fault }) => [route, fault]),
  );
  await service.close();
  expect(faults).toEqual({
    "GET /health": expect.stringContaining("status: expected"),
    "POST /predict": "content type 'text/html', which the contract does not know",
    "GET /livez": expect.stringContaining("500"),
    "GET /ping": "status 204, which the contract does not know",
  });
});

it("ends at once at something that is no such service", async () => {
  const client = createClient("http://x", { fetch: async () => Response.json({ hello: "world" }) });
  const steps = await stepsOf(client);
  expect(steps).toHaveLength(1);
  expect(steps[0]).toMatchObject({ route: "GET /model", ok: false });
});
