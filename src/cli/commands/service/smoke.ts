/**
 * `pawprint smoke`: calls every route of a running service, checks answers against the contract, and
 * whether the service is the one that was deployed.
 */
import { setTimeout as pause } from "node:timers/promises";
import { imageDigestPattern } from "../../../base/build-info.ts";
import { interruptionOf, throwIfCancelled } from "../../../base/cancel.ts";
import { AppError, isAppError } from "../../../base/errors.ts";
import { fetch } from "../../../base/fetch.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { inspectBundle } from "../../../bundle/bundle-file.ts";
import { createClient } from "../../../server/client/client.ts";
import { type Expectations, serviceChecks } from "../../../server/client/service-checks.ts";
import { type SmokeStep, smokeTest } from "../../../server/client/smoke-test.ts";
import { bundleAt, placeOption } from "../../bundle-at.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { alignRows } from "../../frame/console.ts";
import { pathFrom } from "../../paths.ts";
import { addressFrom, unreachable } from "../../service-address.ts";
import { type JunitCase, junitText } from "../../text/junit-text.ts";

/** Between two attempts. */
const pauseMs = 500;

export const command = defineCommand({
  description: `Every public route is called, and its answer checked against the contract; then readiness, documentation, metrics, the form of errors,
and what the options expect. Exit code 1 where something does not conform.`,
  arguments: [{ name: "url", doc: "the service, such as http://localhost:8000" }],
  options: [
    { name: "key", type: "string", doc: "an API key or a token" },
    {
      name: "model",
      type: "string",
      placeholder: "BUNDLE",
      doc: "the bundle that must answer as champion, by the known answers that it holds",
    },
    { name: "expectVersion", type: "string", placeholder: "V", doc: "the version that the service must run" },
    {
      name: "expectCommit",
      type: "string",
      placeholder: "SHA",
      doc: "the Git commit that the service must run, 7 digits or more",
    },
    {
      name: "expectDigest",
      type: "string",
      placeholder: "DIGEST",
      doc: "the digest of the image that the service must run, as sha256:",
    },
    {
      name: "deadline",
      type: "number",
      min: 0.1,
      max: 86_400,
      placeholder: "SECONDS",
      doc: "try again until everything passes, for so long at most",
    },
    { name: "junit", type: "string", placeholder: "FILE", doc: "also write the results as JUnit XML" },
    placeOption,
  ],
  examples: [
    { line: "pawprint smoke http://localhost:8000", doc: "after a deployment" },
    {
      line: "pawprint smoke https://pets.example.org --model models/pets.onnx --expect-commit 0a1b2c3 --deadline 120",
      doc: "wait for what was deployed",
    },
  ],
  async run(context, { url }, { key, model, junit, deadline, trackingUri, ...expect }) {
    const { style, cwd, signal } = context;
    const origin = addressFrom(url);
    const expected = await expectationsFrom(context, { ...expect, model, trackingUri });
    const write = async (cases: readonly JunitCase[]): Promise<void> => {
      if (junit === undefined) return;
      await writeFileAtomic(pathFrom(cwd, junit), junitText(`pawprint smoke ${origin}`, cases), {
        force: true,
        signal,
      });
    };
    const target = { origin, expected, signal, ...(key !== undefined && { key }) };
    const start = performance.now();
    const steps = await attemptUntil(target, deadline === undefined ? undefined : start + deadline * 1000).catch(
      async (error: unknown) => {
        if (isAppError(error, "SERVICE_UNREACHABLE")) {
          await write([{ name: "the service answers", ms: performance.now() - start, fault: error.message }]);
        }
        throw error;
      },
    );
    await write(steps.map((step) => ({ ...step, name: nameOf(step) })));
    const failed = steps.filter(({ ok }) => !ok);
    const rows = steps.map((step) => [
      step.ok ? style.green("ok") : style.red("fails"),
      nameOf(step),
      `${step.ms.toFixed(1)} ms`,
      step.fault ?? "",
    ]);
    const checks = steps.filter(({ check }) => check !== undefined).length;
    const summary =
      failed.length === 0
        ? `${checks} checks pass\n${steps.length - checks} routes answer as they should`
        : `${failed.length} of ${steps.length} do not`;
    return {
      result: { url: origin, steps, failed: failed.length },
      text: `${alignRows(rows, ["left", "left", "right"])}\n\n${summary}`,
      exitCode: failed.length === 0 ? 0 : 1,
    };
  },
});

function nameOf({ route, check }: SmokeStep): string {
  return check === undefined ? route : `${route}: ${check}`;
}

interface Expected {
  readonly expectVersion?: string | undefined;
  readonly expectCommit?: string | undefined;
  readonly expectDigest?: string | undefined;
  readonly model?: string | undefined;
  readonly trackingUri?: string | undefined;
}

/** Errors: CLI_USAGE; BUNDLE_INVALID for a bundle without known answers; those of `bundleAt` and `inspectBundle`. */
async function expectationsFrom(
  context: CommandContext,
  { expectVersion, expectCommit, expectDigest, model, trackingUri }: Expected,
): Promise<Expectations> {
  const commit = checked("--expect-commit", expectCommit?.toLowerCase(), "^[0-9a-f]{7,64}$", "7 to 64 hex digits");
  const digest = expectDigest?.toLowerCase();
  const imageDigest = checked("--expect-digest", digest, imageDigestPattern, "'sha256:' and 64 hex digits");
  const version = checked("--expect-version", expectVersion, "^\\S{1,128}$", "a version, such as 1.2.3");
  return {
    ...(version !== undefined && { version }),
    ...(commit !== undefined && { commit }),
    ...(imageDigest !== undefined && { imageDigest }),
    ...(model !== undefined && { bundle: await knownAnswers(context, model, trackingUri) }),
  };
}

function checked(flag: string, value: string | undefined, pattern: string, required: string): string | undefined {
  if (value === undefined || new RegExp(pattern).test(value)) return value;
  throw new AppError("CLI_USAGE", { required, received: JSON.stringify(value), where: flag });
}

async function knownAnswers(context: CommandContext, model: string, trackingUri: string | undefined) {
  const { input, name } = await bundleAt(context, model, { trackingUri });
  const { info } = await inspectBundle(input, name);
  if (info.parity.length > 0) return info;
  throw new AppError("BUNDLE_INVALID", {
    required: "a bundle with parity examples (pawprint.parity)",
    received: "one without",
    where: name,
    hint: "export it again with this version",
  });
}

interface Target {
  readonly origin: string;
  readonly key?: string;
  readonly expected: Expectations;
  readonly signal: AbortSignal;
}

/**
 * The steps of the last attempt: the first that passes, or the one at the deadline (of
 * `performance.now`). Without a deadline there is one attempt. Errors: SERVICE_UNREACHABLE,
 * INTERRUPTED.
 */
async function attemptUntil(target: Target, deadlineMs: number | undefined): Promise<readonly SmokeStep[]> {
  let last: readonly SmokeStep[] | undefined;
  for (;;) {
    const steps = await attempt(target, deadlineMs).catch((error: unknown) => {
      throwIfCancelled(target.signal);
      if (!isAppError(error, "SERVICE_UNREACHABLE")) throw error;
      return error;
    });
    const leftMs = deadlineMs === undefined ? 0 : deadlineMs - performance.now();
    const isOver = leftMs <= pauseMs;
    if (Array.isArray(steps)) {
      last = steps;
      if (isOver || steps.every(({ ok }) => ok)) return steps;
    } else if (isOver) {
      // What was cut off by the deadline says less than the attempt before.
      if (last !== undefined) return last;
      throw steps;
    } else last = undefined;
    await pause(pauseMs, undefined, { signal: target.signal }).catch(() => {
      throw interruptionOf(target.signal);
    });
  }
}

/** Errors: SERVICE_UNREACHABLE, also where an answer did not come before the deadline. */
async function attempt(
  { origin, key, expected, signal }: Target,
  deadlineMs: number | undefined,
): Promise<readonly SmokeStep[]> {
  const bounds = [signal];
  if (deadlineMs !== undefined)
    bounds.push(AbortSignal.timeout(Math.max(1, Math.ceil(deadlineMs - performance.now()))));
  const bound = AbortSignal.any(bounds);
  const boundedFetch: typeof globalThis.fetch = (input, init) => fetch(input, { ...init, signal: bound });
  const options = { fetch: boundedFetch, ...(key !== undefined && { key }) };
  const client = createClient(origin, options);
  const now = (): number => performance.now();
  const steps: SmokeStep[] = [];
  try {
    for await (const step of smokeTest(client, now)) steps.push(step);
    const isService = steps.some(({ ok }) => ok); // else the first step says what answers there
    if (isService)
      for await (const step of serviceChecks({ client, origin, now, ...options }, expected)) steps.push(step);
    return steps;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new AppError("SERVICE_UNREACHABLE", {
        required: "a service that answers before the deadline",
        received: "none",
        where: origin,
        cause: error,
      });
    }
    throw unreachable(origin, error);
  }
}
