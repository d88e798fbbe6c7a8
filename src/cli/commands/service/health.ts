/** `pawprint health`: whether a service is ready, as an exit code; for containers and scripts. */
import { fetch } from "../../../base/fetch.ts";
import { ApiError } from "../../../server/client/api-error.ts";
import { createClient } from "../../../server/client/client.ts";
import { type CommandReport, defineCommand } from "../../frame/command.ts";
import { addressFrom, unreachable } from "../../service-address.ts";

export const command = defineCommand({
  description: "Exit code 0 where it is, 1 where it is not, or does not answer within --timeout-ms.",
  arguments: [{ name: "url", doc: "the service; http://localhost:8000 unless given", optional: true }],
  options: [{ name: "timeoutMs", type: "integer", min: 1, max: 600_000, default: 3000, doc: "how long to wait" }],
  examples: [{ line: "pawprint health", doc: "as the health check of a container" }],
  async run(_context, { url = "http://localhost:8000" }, { timeoutMs }) {
    const origin = addressFrom(url);
    try {
      const { json } = await createClient(origin, { fetch }).call("readyz", { signal: AbortSignal.timeout(timeoutMs) });
      // Another program may answer every address with 200.
      if (isReady(json)) return { result: { url: origin, ready: true }, text: "ready", quietText: "" };
      return notReady(origin, "an answer of another program");
    } catch (error) {
      const reason = error instanceof ApiError ? `answered ${error.status}` : timedOut(error, timeoutMs);
      if (reason === undefined) throw unreachable(origin, error);
      return notReady(origin, reason);
    }
  },
});

function isReady(body: unknown): boolean {
  return typeof body === "object" && body !== null && "status" in body && body.status === "ok";
}

function notReady(url: string, reason: string): CommandReport {
  return { result: { url, ready: false, reason }, text: `not ready: ${reason}`, exitCode: 1 };
}

function timedOut(error: unknown, timeoutMs: number): string | undefined {
  return error instanceof Error && error.name === "TimeoutError" ? `no answer in ${timeoutMs} ms` : undefined;
}
