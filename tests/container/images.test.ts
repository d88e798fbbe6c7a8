/** The images of the Dockerfile, as a cluster runs them: without root, rights or a writable disk. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { initProject } from "../../src/project/init-project.ts";
import { type ContainerEngine, openContainerEngine, unpreparedReason } from "../support/container-engine.ts";
import { because, missingProgram } from "../support/missing-program.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { digitModel } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const root = resolve(import.meta.dirname, "../..");
const base = /^FROM .*?(node:\S+)/m.exec(await readFile(join(root, "Dockerfile"), "utf8"))![1]!;
const [service, training, projectImage] = ["pawprint-test:service", "pawprint-test:train", "pawprint-test:project"];
const restricted = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const opened = await openContainerEngine();
const reason = typeof opened === "string" ? opened : await unpreparedReason(opened, base);
if (reason !== undefined) {
  say(`skipped: ${reason}`);
  if (typeof opened !== "string") await opened.close();
}

describe.skipIf(reason !== undefined)("the images", () => {
  const engine = opened as ContainerEngine; // else skipped
  const { docker } = engine;
  const started: string[] = [];

  beforeAll(async () => {
    await docker("build", "--quiet", "--tag", service, root);
    await docker("build", "--quiet", "--tag", training, "--target", "train", root);
  });
  afterAll(async () => {
    for (const id of started) await docker("rm", "--force", id).catch(() => undefined);
    await docker("rmi", "--force", service, training, projectImage).catch(() => undefined);
    await engine.close();
  });

  /** Starts the service on a free port of this machine, and waits until it is ready. */
  async function startContainer(options: readonly string[] = [], image = service) {
    const startedAt = performance.now();
    const id = await docker("run", "--detach", ...restricted, "--publish", "127.0.0.1::8000", ...options, image);
    started.push(id);
    const origin = `http://${await docker("port", id, "8000")}`;
    // The engine takes connections before the service does, and answers none of them.
    while (!(await isReady(origin, 300))) {
      if (performance.now() - startedAt > 60_000) throw new Error(await docker("logs", id));
      await delay(50);
    }
    return { id, origin, seconds: (performance.now() - startedAt) / 1000 };
  }

  it("are at most 300 MB larger than their base", async () => {
    const sizeOf = async (image: string) => Number(await docker("image", "inspect", "--format", "{{.Size}}", image));
    for (const image of [service, training]) {
      const addedMb = ((await sizeOf(image)) - (await sizeOf(base))) / 1e6;
      say(`${image}: ${addedMb.toFixed(0)} MB over its base`);
      expect(addedMb).toBeLessThan(300);
    }
  });

  it("say by a label that the embedded model is a sample, and hold the notice of libvips", async () => {
    const labels = await docker("image", "inspect", "--format", "{{json .Config.Labels}}", service);
    expect(JSON.parse(labels)["io.pawprint.embedded-model"]).toContain("sample");
    const notice = await docker("run", "--rm", ...restricted, service, "cat", "/licenses/sharp-libvips/README.md");
    expect(notice).toContain("LGPLv3");
  });

  it("serve as another user than root on a read-only disk, conform to the contract and become healthy", async () => {
    const { id, origin, seconds } = await startContainer();
    say(`ready ${seconds.toFixed(2)} s after docker run`);
    expect(await docker("logs", id)).toContain("warning: this is the image's sample model");
    expect(await docker("exec", id, "id", "-u")).toBe("1000");
    const smoke = startPawprint(["smoke", origin]);
    expect(await smoke.ended, smoke.out() + smoke.err()).toBe(0);
    const healthOf = () => docker("inspect", "--format", "{{.State.Health.Status}}", id);
    await expect.poll(healthOf, { timeout: 60_000, interval: 500 }).toBe("healthy");
  });

  it("bring the optional packages: S3 and traces", async () => {
    const { peerDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const program = Object.keys(peerDependencies).map((name) => `await import(${JSON.stringify(name)})`);
    const line = ["--entrypoint", "node", training, "--input-type=module", "--eval"];
    await docker("run", "--rm", ...restricted, "--workdir", "/app", ...line, program.join("; "));
  });

  it("lose no request when they are stopped under load, and exit with 0", async () => {
    const { id, origin } = await startContainer(["--env", "PAWPRINT_SERVE_DRAIN_MS=2000"]);
    const body = await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 });
    const statuses: Record<string, number> = {};
    let isTarget = true;
    // As a load balancer does: no new request once the service said that it is not ready.
    const caller = async (): Promise<void> => {
      while (isTarget) {
        const status = await predict(origin, body).catch((error: Error) => `lost: ${String(error.cause ?? error)}`);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    const watcher = async (): Promise<void> => {
      while (await isReady(origin)) await delay(100);
      isTarget = false;
    };
    const callers = Array.from({ length: 32 }, caller);
    await delay(1500);
    const watching = watcher();
    await docker("stop", "--time", "30", id);
    await Promise.all([watching, ...callers]);
    say(`answers while it was stopped: ${JSON.stringify(statuses)}`);
    expect(Object.keys(statuses)).toEqual(["200"]);
    expect(await docker("inspect", "--format", "{{.State.ExitCode}}", id)).toBe("0");
  });

  it("serve another bundle that is mounted", async () => {
    const folder = temporaryFolder("mounted");
    await writeUntrainedBundle(digitModel, join(folder, "digits.onnx"));
    await chmod(folder, 0o755);
    const variable = "PAWPRINT_SERVE_MODEL=/models/digits.onnx";
    const { origin } = await startContainer(["--volume", `${folder}:/models:ro`, "--env", variable]);
    const model = await (await fetch(`${origin}/model`)).text();
    expect(model).toContain("digits");
  });

  const composeMissing = missingProgram("docker-compose", ["version"]);
  it.skipIf(composeMissing !== undefined)(
    `serve alone in the Compose file, and become healthy${because(composeMissing)}`,
    async () => {
      const folder = temporaryFolder("compose");
      await writeUntrainedBundle(digitModel, join(folder, "digits.onnx"));
      await chmod(folder, 0o755);
      const port = String(await freePort());
      const variables = { SERVICE_IMAGE: service, MODELS_FOLDER: folder, SERVICE_PORT: port };
      const env = { ...process.env, ...engine.environment, ...variables };
      const file = join(root, "deployment/docker-compose.yml");
      const compose = (...line: string[]) =>
        promisify(execFile)("docker-compose", ["--file", file, "--project-name", "pawprint-test", ...line], { env });
      try {
        await compose("up", "--no-build", "--detach");
        const id = (await compose("ps", "--quiet")).stdout.trim();
        expect(id).toMatch(/^[0-9a-f]+$/); // one container: the service alone
        const origin = `http://127.0.0.1:${port}`;
        const smoke = startPawprint(["smoke", origin, "--deadline", "60"]);
        expect(await smoke.ended, smoke.out() + smoke.err()).toBe(0);
        const healthOf = () => docker("inspect", "--format", "{{.State.Health.Status}}", id);
        await expect.poll(healthOf, { timeout: 60_000, interval: 500 }).toBe("healthy");
        expect(await docker("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}}", id)).toBe(
          "true 10001:10001",
        );
        // The volume of the prediction log can be written by that user.
        const written = async () =>
          Number(
            /^pawprint_prediction_log_written_total (\d+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1],
          );
        await expect.poll(written, { timeout: 10_000, interval: 100 }).toBeGreaterThan(0);
      } finally {
        await compose("down", "--volumes");
      }
    },
  );

  it("are the base of a project's image, which serves its model", async () => {
    const project = join(temporaryFolder("project"), "my-pets");
    await initProject(project, { name: "my-pets", pawprint: "^1.0.0" });
    await writeUntrainedBundle(digitModel, join(project, "models/my-pets.onnx"));
    const commit = "0123456789".repeat(4);
    const line = ["--build-arg", `BASE=${service}`, "--build-arg", `GIT_COMMIT=${commit}`, "--tag", projectImage];
    await docker("build", "--quiet", ...line, project);
    const { origin } = await startContainer([], projectImage);
    expect(await (await fetch(`${origin}/model`)).json()).toMatchObject({ name: "my-pets" });
    const smoke = startPawprint(["smoke", origin, "--expect-commit", commit, "--deadline", "20"]);
    expect(await smoke.ended, smoke.out() + smoke.err()).toBe(0);
  });

  it("train as another user than root", async () => {
    expect(await docker("run", "--rm", ...restricted, training)).toContain("pawprint");
    const id = await docker("run", "--rm", "--entrypoint", "id", training, "-u");
    expect(id).toBe("1000");
    const line = ["quickstart", "--no-serve", "--epochs", "1"];
    expect(await docker("run", "--rm", ...restricted, "--tmpfs", "/tmp", training, ...line)).toContain(
      "quickstart.onnx",
    );
  });
});

async function isReady(origin: string, timeoutMs = 5000): Promise<boolean> {
  return fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(timeoutMs) }).then(
    async (answer) => (await answer.text()) !== "" && answer.ok,
    () => false,
  );
}

async function predict(origin: string, picture: Uint8Array): Promise<string> {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(picture)]), "cat.jpg");
  const answer = await fetch(`${origin}/predict`, { method: "POST", body: form });
  await answer.arrayBuffer();
  return String(answer.status);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
