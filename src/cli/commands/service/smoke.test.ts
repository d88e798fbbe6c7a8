import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { petModel, type RunningService, startService } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../../tests/support/untrained-bundle.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
const commit = "0123456789abcdef0123456789abcdef01234567";
const digest = `sha256:${"ab".repeat(32)}`;
let service: RunningService;
beforeAll(async () => {
  vi.stubEnv("PAWPRINT_GIT_COMMIT", commit);
  vi.stubEnv("PAWPRINT_IMAGE_DIGEST", digest);
  service = await startService(petModel);
  vi.unstubAllEnvs();
});
afterAll(() => service.close());

async function run(...words: string[]) {
  const { context, out, err } = captureContext({ cwd });
  const exitCode = await runCommand(words, context);
  return { exitCode, out: out(), err: err() };
}

interface Step {
  readonly route: string;
  readonly check?: string;
  readonly ok: boolean;
  readonly fault?: string;
}

async function smoke(...words: string[]) {
  const { exitCode, out } = await run("smoke", service.origin, "--json", ...words);
  const { steps }: { steps: readonly Step[] } = JSON.parse(out);
  return { exitCode, steps, faults: steps.filter(({ ok }) => !ok) };
}

describe("pawprint smoke", () => {
  it("passes where the code, the image and the known answers are those that are expected", async () => {
    const model = join(service.folder, "model.onnx");
    const expected = ["--model", model, "--expect-commit", commit.slice(0, 7), "--expect-digest", digest];
    const { exitCode, steps, faults } = await smoke(...expected);
    expect(faults).toEqual([]);
    expect(exitCode).toBe(0);
    const checks = steps.flatMap(({ check, route }) => (check === undefined ? [] : [`${route}: ${check}`]));
    expect(checks).toEqual(
      expect.arrayContaining([
        "GET /health: a model is loaded",
        "GET /readyz: ready",
        "GET /docs: documentation",
        "GET /metrics: metrics can be parsed",
        "POST /predict: a broken body is refused",
        "GET /no-such-route: an unknown route is refused",
        `GET /version: commit ${commit.slice(0, 7)}`,
        `GET /version: image digest ${digest}`,
        expect.stringContaining("POST /predict: known answer"),
        expect.stringContaining("/infer: known answer"),
      ]),
    );
  });

  it("finds another commit, version, image and bundle", async () => {
    const model = join(cwd, "other.onnx");
    await writeUntrainedBundle({ ...petModel, seed: 8 }, model);
    const wrong = [
      "--expect-commit",
      "fffffff",
      "--expect-version",
      "0.0.0-none",
      "--expect-digest",
      digest.replace("ab", "cd"),
    ];
    const { exitCode, faults } = await smoke("--model", model, ...wrong);
    expect(exitCode).toBe(1);
    const texts = faults.map(({ check, fault }) => `${check}: ${fault}`);
    expect(texts).toContain(`commit fffffff: expected fffffff; got ${commit}`);
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^version 0\.0\.0-none: expected 0\.0\.0-none; got \d/),
        expect.stringMatching(/^image digest sha256:cd/),
        expect.stringMatching(
          /^known answer \d+: expected probabilities within 0\.0001 of the bundle's; got a difference/,
        ),
      ]),
    );
  });

  it("writes JUnit XML, over an older one", async () => {
    for (const _ of [1, 2]) {
      await run("smoke", service.origin, "--expect-version", "<0>", "--junit", "smoke.xml");
      const text = await readFile(join(cwd, "smoke.xml"), "utf8");
      expect(text).toMatch(/<testsuites tests="\d+" failures="1" /);
      expect(text).toContain('name="GET /version: version &#60;0&#62;"');
    }
  });

  it("says what it expects of a flag", async () => {
    for (const words of [
      ["--expect-commit", "main"],
      ["--expect-digest", "latest"],
      ["--expect-version", "a b"],
      ["--deadline", "0"],
    ]) {
      const { exitCode, err } = await run("smoke", service.origin, ...words);
      expect([exitCode, err]).toEqual([2, expect.stringContaining("error CLI_USAGE: Expected")]);
    }
    const { exitCode, err } = await run("smoke", service.origin, "--model", "none.onnx");
    expect([exitCode, err]).toEqual([1, expect.stringContaining("error FILE_NOT_FOUND")]);
  });

  it("tries again until the service is there, or the deadline is over", async () => {
    let asked = 0;
    const gate = createServer(async (request, response) => {
      asked += 1;
      if (asked === 1) return response.writeHead(503).end();
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { "content-type": type, accept } = request.headers;
      const answer = await fetch(`${service.origin}${request.url}`, {
        method: request.method ?? "GET",
        headers: { ...(type && { "content-type": type }), ...(accept && { accept }) },
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      const body = Buffer.from(await answer.arrayBuffer());
      const headers = Object.fromEntries(
        [...answer.headers].filter(
          ([name]) => !/^(content-encoding|content-length|transfer-encoding|connection)$/.test(name),
        ),
      );
      return response.writeHead(answer.status, headers).end(body);
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const { port } = gate.address() as { port: number };
    const origin = `http://127.0.0.1:${port}`;
    const passed = await run("smoke", origin, "--deadline", "30");
    gate.closeAllConnections();
    gate.close();
    expect(passed).toMatchObject({ exitCode: 0, out: expect.stringContaining("checks pass") });

    await rm(join(cwd, "away.xml"), { force: true });
    const away = await run("smoke", "http://127.0.0.1:9", "--deadline", "0.6", "--junit", "away.xml");
    expect(away).toMatchObject({ exitCode: 1, err: expect.stringContaining("error SERVICE_UNREACHABLE") });
    expect(await readFile(join(cwd, "away.xml"), "utf8")).toContain('name="the service answers"');
  });

  it("ends at the deadline where an answer never comes", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const { exitCode, err } = await run("smoke", `http://127.0.0.1:${port}`, "--deadline", "0.3");
    silent.closeAllConnections();
    silent.close();
    expect([exitCode, err]).toEqual([1, expect.stringContaining("a service that answers before the deadline")]);
  });
});
