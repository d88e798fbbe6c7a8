/** Sends many malformed requests with valid ones in between, and reports what must not happen. */
import type { MalformedOptions } from "./maker.ts";
import { malformedRequest } from "./malformed-request.ts";
import { rawRequest } from "./request.ts";
import { type RawAnswer, sendRaw } from "./send-raw.ts";

export interface StormOptions extends MalformedOptions {
  readonly port: number;
  readonly count: number;
  /** The first request's; the others count on from it. */
  readonly seed: number;
  /** Requests under way at once. */
  readonly lanes: number;
  readonly onProgress?: (done: number) => void;
}

export interface StormReport {
  /** Answers by status; 0 stands for a connection that was closed without one. */
  readonly statuses: Readonly<Record<number, number>>;
  /** What must not happen, with the seed that reproduces it. */
  readonly faults: string[];
}

/** Longer than the service gives a body to arrive. */
const patienceMs = 15_000;
/** After so many malformed requests a good one. */
const goodEvery = 50;

export async function storm(options: StormOptions): Promise<StormReport> {
  const { port, count, seed, lanes, pictures, onProgress } = options;
  const statuses: Record<number, number> = {};
  const faults: string[] = [];
  const good = rawRequest({ path: "/predict", headers: { "content-type": "image/jpeg" }, body: pictures[0]! });
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const request = malformedRequest(seed + at, options);
      try {
        const answer = await sendRaw(port, request, patienceMs);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        const fault = faultOf(answer);
        if (fault !== undefined) faults.push(`seed ${seed + at}, ${request.kind}: ${fault}`);
        if (at % goodEvery === 0) {
          const { status, text } = await sendRaw(port, { kind: "a good request", bytes: good }, patienceMs);
          // A service that is flooded may say so.
          if (status !== 200 && status !== 503)
            faults.push(`a good request after seed ${seed + at}: ${text.slice(0, 400)}`);
        }
      } catch (error) {
        faults.push(`seed ${seed + at}, ${request.kind}: ${error instanceof Error ? error.message : String(error)}`);
      }
      onProgress?.(++done);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const { status, text } = await sendRaw(port, { kind: "a good request", bytes: good }, patienceMs);
  if (status !== 200) faults.push(`a good request after the storm: ${text.slice(0, 400)}`);
  return { statuses, faults };
}

/** No 5xx but those that are meant, and no refusal that does not say why. */
function faultOf({ status, text }: RawAnswer): string | undefined {
  if (status >= 500 && status !== 503 && status !== 504) return text.slice(0, 400);
  if (/\bat .+\.(ts|js|mjs):\d+/.test(text)) return `a stack trace: ${text.slice(0, 400)}`;
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  const isHead = body === "" && /\r\ncontent-length: *[1-9]/i.test(text);
  if (status >= 400 && !isHead && !/"(error|error_code)":/.test(body))
    return `a refusal without an error: ${text.slice(0, 400)}`;
  return undefined;
}
