/**
 * `pawprint smoke`: calls every route of a running service and checks answers against the contract.
 */
import { createClient } from "../../../server/client/client.ts";
import { type SmokeStep, smokeTest } from "../../../server/client/smoke-test.ts";
import { defineCommand } from "../../frame/command.ts";
import { alignRows } from "../../frame/console.ts";
import { addressFrom, unreachable } from "../../service-address.ts";

export const command = defineCommand({
  description: `Every public route is called, and its answer checked against the contract. Exit code 1 where one does not conform.`,
  arguments: [{ name: "url", doc: "the service, such as http://localhost:8000" }],
  options: [{ name: "key", type: "string", doc: "an API key or a token" }],
  examples: [{ line: "pawprint smoke http://localhost:8000", doc: "after a deployment" }],
  async run({ style }, { url }, { key }) {
    const origin = addressFrom(url);
    const client = createClient(origin, { ...(key !== undefined && { key }) });
    const steps: SmokeStep[] = [];
    try {
      for await (const step of smokeTest(client, () => performance.now())) steps.push(step);
    } catch (error) {
      throw unreachable(origin, error);
    }
    const failed = steps.filter(({ ok }) => !ok);
    const rows = steps.map(({ route, ok, ms, fault = "" }) => [
      ok ? style.green("ok") : style.red("fails"),
      route,
      `${ms.toFixed(1)} ms`,
      fault,
    ]);
    const summary =
      failed.length === 0
        ? `${steps.length} routes answer as they should`
        : `${failed.length} of ${steps.length} do not`;
    return {
      result: { url: origin, steps, failed: failed.length },
      text: `${alignRows(rows, ["left", "left", "right"])}\n\n${summary}`,
      exitCode: failed.length === 0 ? 0 : 1,
    };
  },
});
