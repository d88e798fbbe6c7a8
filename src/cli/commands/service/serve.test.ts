import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { sendFile, startFileServer } from "../../../../tests/support/file-server.ts";
import { petModel } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../../tests/support/untrained-bundle.ts";
import { interruption } from "../../../base/cancel.ts";
import { sha256 } from "../../../base/hash.ts";
import { type HostContext, runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
beforeAll(async () => {
  await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
});

async function run(line: string, overrides: Partial<HostContext> = {}) {
  const { context, out, err } = captureContext({ cwd, ...overrides });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

/** Serves while `use` is at work with its address; then ends it as Ctrl-C does. */
async function whileServing(
  line: string,
  use: (origin: string) => Promise<void>,
  overrides: Partial<HostContext> = {},
) {
  const controller = new AbortController();
  const { context, out, err } = captureContext({ cwd, signal: controller.signal, ...overrides });
  const ended = runCommand(`serve ${line} --port 0 --log-file serve.log`.trim().split(/ +/), context);
  try {
    await expect.poll(err, { timeout: 20_000 }).toMatch(/on http:/);
    await use(/on (http:\S+)/.exec(err())![1]!);
  } finally {
    controller.abort();
  }
  return { exitCode: await ended, out: out(), err: err() };
}

describe("pawprint serve", () => {
  it("says what it serves and where, answers, logs into its file, and ends well", async () => {
    const { exitCode, err, out } = await whileServing("pets.onnx", async (origin) => {
      const health = await fetch(`${origin}/health`);
      expect(await health.json()).toEqual({ status: "healthy", model_loaded: true });
    });
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: "" });
    expect(err).toMatch(
      /^pets [\da-f]{12} on http:\/\/127\.0\.0\.1:\d+ {2}\(playground; its routes: http:.*\/docs\)\n$/,
    );
    const lines = (await readFile(join(cwd, "serve.log"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.some(({ route, status }) => route === "/health" && status === 200)).toBe(true);
  });

  it("reads its settings from pawprint.yaml and the environment, flags first", async () => {
    await writeFile(
      join(cwd, "pawprint.yaml"),
      "serve:\n  model: pets.onnx\n  picturesPerRequest: 3\n  deadlineMs: 500\n",
    );
    const { exitCode } = await whileServing("--deadline-ms 700", async (origin) => {
      const model = (await (await fetch(`${origin}/model`)).json()) as { limits: object };
      expect(model.limits).toMatchObject({ batch: 3, deadline_ms: 700 });
    });
    await rm(join(cwd, "pawprint.yaml"));
    expect(exitCode).toBe(0);
  });

  it.each([
    ["serve", 2, "CLI_USAGE"],
    ["serve nowhere.onnx", 1, "FILE_NOT_FOUND"],
    ["serve models:/pets@champion", 1, "MODEL_NOT_REGISTERED"],
    ["serve models:/pets@champion --tracking-uri http://127.0.0.1:9", 1, "TRACKING_UNAVAILABLE"],
    ["serve models:/pets", 2, "MODEL_SOURCE_INVALID"],
    ["serve https://me:secret@127.0.0.1/pets.onnx", 2, "MODEL_SOURCE_INVALID"],
    ["serve pets.onnx --canary http://127.0.0.1:1/pets.onnx#sha256=1", 2, "MODEL_SOURCE_INVALID"],
    [`serve http://me:secret@127.0.0.1:1/pets.onnx#sha256=${"0".repeat(64)}`, 1, "DOWNLOAD_FAILED"],
    ["serve pets.onnx --canary models:/pets@v1", 2, "ALIAS_INVALID"],
    ["serve pets.onnx --port 70000", 2, "CLI_USAGE"],
    ["serve pets.onnx --port 0 --keys-file nowhere.json", 1, "FILE_NOT_FOUND"],
    ["serve pets.onnx --port 0 --canary nowhere.onnx", 1, "FILE_NOT_FOUND"],
    ["serve pets.onnx --otlp-endpoint collector", 2, "C"],
  ])("%s ends with %i and %s", async (line, exitCode, code) => {
    const { exitCode: given, err } = await run(`${line} --log-file refused.log`);
    expect(err).toContain(`error ${code}`);
    expect(err).not.toContain("secret");
    expect(given).toBe(exitCode);
  });

  it("serves a bundle by URL, which a second start does not download again, and shows no password", async () => {
    const bundle = await readFile(join(cwd, "pets.onnx"));
    const { origin: files, requests } = await startFileServer(sendFile(bundle));
    const own = await mkdtemp(join(cwd, "by-url-"));
    const url = `${files.replace("//", "//me:secret@")}/my-pets.onnx?token=secret#sha256=${sha256(bundle)}`;
    const env = { PAWPRINT_SERVE_MODEL: url };
    for (let start = 0; start < 2; start++) {
      const { exitCode, err } = await whileServing(
        "",
        async (origin) => {
          const model = (await (await fetch(`${origin}/model`)).json()) as object;
          expect(model).toMatchObject({ name: "my-pets", sha256: sha256(bundle) });
          expect(JSON.stringify(model)).not.toContain("secret");
        },
        { cwd: own, env },
      );
      expect(exitCode).toBe(0);
      expect(err).not.toContain("secret");
    }
    expect(requests).toHaveLength(1);
    const log = await readFile(join(own, "serve.log"), "utf8");
    expect(log).toContain(`${files}/my-pets.onnx?...#sha256=`);
    expect(log).not.toContain("secret");
  });

  it("serves on without a canary whose URL leads to another file", async () => {
    const { origin: files } = await startFileServer(sendFile(Buffer.from("<html>Sign in</html>")));
    const canary = `${files}/pets.onnx#sha256=${"0".repeat(64)}`;
    await whileServing(`pets.onnx --canary ${canary} --canary-percent 100`, async (origin) => {
      const text = JSON.stringify(await (await fetch(`${origin}/model`)).json());
      expect(text).toContain("DOWNLOAD_MISMATCH");
      expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    });
  });

  it("ends well where it is asked to stop while it downloads", async () => {
    const controller = new AbortController();
    const { origin: files } = await startFileServer((_, response) => {
      response
        .writeHead(200, { "content-length": 1_000_000 })
        .write("x", () => setTimeout(() => controller.abort(interruption("SIGTERM")), 50));
    });
    const line = `serve ${files}/pets.onnx#sha256=${"1".repeat(64)} --port 0 --log-file download.log`;
    const { exitCode, err } = await run(line, { signal: controller.signal });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  });

  it("says that a port is taken, and what to do", async () => {
    const other = createTcpServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    const { exitCode, err } = await run(`serve pets.onnx --port ${port} --log-file taken.log`);
    other.close();
    expect(exitCode).toBe(2);
    expect(err).toMatch(new RegExp(`^error LISTEN_FAILED: .*127\\.0\\.0\\.1:${port}`));
    expect(err).toContain("--port");
  });

  it("ends well where it is asked to stop while it loads, and announces nothing", async () => {
    const { exitCode, err } = await run("serve pets.onnx --port 0 --log-file stopped.log", {
      signal: AbortSignal.abort(interruption("SIGTERM")),
    });
    expect(exitCode).toBe(0);
    expect(err).toBe("");
    expect(await readFile(join(cwd, "stopped.log"), "utf8")).toBe("");
  });
});
