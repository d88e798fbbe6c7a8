/** `scripts/deploy.sh` against a `kubectl` that writes down its calls: when it goes back, and what it says then. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseAllDocuments } from "yaml";
import { deployedService, fakeKubectl, manifests } from "../support/fake-cluster.ts";
import { pawprintCommand } from "../support/pawprint-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");
const repository = "ghcr.io/pawprint-ml/pawprint";
const digest = `sha256:${"a1".repeat(32)}`;
const image = `${repository}@${digest}`;
const commit = "0123456789abcdef0123456789abcdef01234567";

/** What the cluster does; each part as it should unless named. */
interface Cluster {
  /** The answer about the Deployment before; "" where there is none, undefined where nothing answers. */
  readonly before?: string | undefined;
  readonly apply?: "fails";
  /** Exit codes of `rollout status`, one after the other. */
  readonly rollouts?: readonly number[];
  readonly undo?: "fails";
  /** The images of the pods, oldest first. */
  readonly pods?: readonly string[];
  readonly forwardTo?: number;
}

/** A copy of the scripts without a build beside it, an overlay, and programs that come first on the PATH. */
function deploymentFolder() {
  const folder = temporaryFolder("deploy");
  const bin = join(folder, "bin");
  const overlay = join(folder, "overlay");
  for (const name of [bin, overlay]) mkdirSync(name);
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
  writeFileSync(join(overlay, "kustomization.yaml"), "resources: [deployment.yaml]\n");
  writeFileSync(join(overlay, "deployment.yaml"), deploymentYaml);
  writeFileSync(join(folder, "manifests.yaml"), manifests);
  const program = (name: string, text: string) => writeFileSync(join(bin, name), text, { mode: 0o755 });
  const quoted = pawprintCommand.map((word) => `'${word}'`).join(" ");
  program("pawprint", `#!/usr/bin/env bash\nexec ${quoted} "$@"\n`);
  return { folder, bin, overlay, program };
}

const deploymentYaml = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: pawprint
spec:
  template:
    spec:
      initContainers:
      - name: model
        image: ${repository}
      containers:
      - name: pawprint
        image: ${repository}
        resources:
          limits:
            memory: 1Gi
      - name: other
        image: example.org/other:1
`;

async function deploy(cluster: Cluster, line: readonly string[] = [], picture: readonly string[] = ["--image", image]) {
  const { folder, bin, overlay, program } = deploymentFolder();
  program("kubectl", fakeKubectl);
  program("skopeo", `#!/usr/bin/env bash\n[[ "$*" != *missing* ]] && printf '%s\\n' '${digest}'\n`);
  const calls = join(folder, "calls");
  const record = join(folder, "record.json");
  const summary = join(folder, "summary.md");
  writeFileSync(calls, "");
  const { before = "7 old-image", apply = "", rollouts = [], undo = "", pods = [image], forwardTo = 1 } = cluster;
  const child = spawn(
    join(folder, "scripts/deploy.sh"),
    [...picture, "--overlay", overlay, "--record", record, "--timeout", "5", ...line],
    {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${bin}:${process.env.PATH}`,
        TMPDIR: folder,
        CALLS: calls,
        MANIFESTS: join(folder, "manifests.yaml"),
        BEFORE: "before" in cluster && cluster.before === undefined ? "unreachable" : before,
        APPLY: apply,
        ROLLOUTS: rollouts.join(" "),
        UNDO: undo,
        PODS: pods.map((of, at) => `pod-${at} ${of}\\n`).join(""),
        FORWARD_TO: String(forwardTo),
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_RUN_ID: "",
      },
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  child.stdout.resume();
  const [code] = (await once(child, "close")) as [number | null];
  const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return {
    code,
    err,
    calls: read(calls).split("\n").filter(Boolean),
    summary: read(summary),
    kustomization: read(`${calls}.kustomization`),
    record: existsSync(record) ? (JSON.parse(read(record)) as Record<string, unknown>) : undefined,
  };
}

/** A service that answers every route with this status and an empty object. */
async function answering(status: number): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const undoCall = "--namespace pets rollout undo deployment/pawprint --to-revision 7";
const undone = (calls: readonly string[]) => calls.filter((call) => call.includes("rollout undo"));

describe("a deployment that succeeds", () => {
  it("is recorded, through a port-forward to a pod of the new version", async () => {
    const service = await deployedService({ commit, digest });
    const pods = [image, "old-image"];
    const { code, err, calls, record, summary } = await deploy(
      { pods, forwardTo: Number(new URL(service.origin).port) },
      ["--commit", commit],
    );
    expect(err).toContain("routes answer as they should");
    expect(code).toBe(0);
    expect(undone(calls)).toEqual([]);
    expect(calls).toContain("--namespace pets port-forward --address 127.0.0.1 pod/pod-0 :8000");
    expect(calls).toContain("--namespace pets rollout status deployment/pawprint --timeout 5s");
    expect(record).toMatchObject({
      status: "deployed",
      reason: null,
      image,
      commit,
      namespace: "pets",
      previousRevision: "7",
      previousImage: "old-image",
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+Z$/),
    });
    expect(summary).toContain(`Deployed ${image} (commit ${commit})`);
  });

  it("is reached at its address where that is given", async () => {
    const service = await deployedService({ commit, digest });
    const { code, calls } = await deploy({}, ["--url", service.origin]);
    expect(code).toBe(0);
    expect(calls.filter((call) => call.includes("port-forward"))).toEqual([]);
  });

  it("takes the digest of a commit's tag", async () => {
    const service = await deployedService({ commit, digest });
    const { code, record, kustomization } = await deploy(
      {},
      ["--url", service.origin],
      ["--image", `${repository}:${commit}`],
    );
    expect(code).toBe(0);
    expect(record).toMatchObject({ image, commit });
    expect(kustomization).toContain(image);
  });
});

describe("a deployment that fails", () => {
  it("goes back where another image answers than was deployed", async () => {
    const service = await deployedService({ commit, digest: `sha256:${"b2".repeat(32)}` });
    const { code, err, calls, record } = await deploy({ rollouts: [0, 0] }, ["--url", service.origin]);
    expect(code).toBe(1);
    expect(err).toContain(digest);
    expect(undone(calls)).toEqual([undoCall]);
    expect(record).toMatchObject({ status: "rolled-back", reason: expect.stringContaining("smoke test") });
  });

  it("goes back where the rollout is not ready in time", async () => {
    const { code, err, calls, record, summary } = await deploy({ rollouts: [1, 0] });
    expect(code).toBe(1);
    const order = calls.map((call) => /apply|rollout \w+/.exec(call)?.[0]).filter(Boolean);
    expect(order).toEqual(["apply", "rollout status", "rollout undo", "rollout status"]);
    expect(undone(calls)).toEqual([undoCall]);
    for (const text of [err, summary]) {
      expect(text).toContain(`error: The rollout of ${image} was not ready within 5 s.`);
      expect(text).toContain("Went back to revision 7 (old-image), which is ready.");
    }
    expect(record).toMatchObject({ status: "rolled-back", reason: expect.stringContaining("not ready within 5 s") });
  });

  it.each([200, 500])("goes back where the service answers wrongly, status %d", async (status) => {
    const url = await answering(status);
    const { code, err, calls, record } = await deploy({}, ["--url", url]);
    expect(code).toBe(1);
    expect(undone(calls)).toEqual([undoCall]);
    expect(err).toContain(`The smoke test of ${image} failed at ${url}.`);
    expect(record).toMatchObject({ status: "rolled-back" });
  });

  it("goes back where the cluster refuses a manifest half-way", async () => {
    const { code, err, calls } = await deploy({ apply: "fails" });
    expect(code).toBe(1);
    expect(undone(calls)).toEqual([undoCall]);
    expect(err).toContain("error: The cluster refused the manifests of");
  });

  it("goes back where no pod runs the image", async () => {
    const { code, err, calls } = await deploy({ pods: ["old-image"] });
    expect(code).toBe(1);
    expect(undone(calls)).toEqual([undoCall]);
    expect(err).toContain(`No pod runs ${image} after the rollout.`);
  });

  it("says so where going back is refused", async () => {
    const { code, err, record, summary } = await deploy({ rollouts: [1], undo: "fails" });
    expect(code).toBe(1);
    const said = "Going back failed: rollout undo to revision 7 was refused. The cluster needs a person.";
    expect(err).toContain(said);
    expect(summary).toContain(said);
    expect(record).toMatchObject({ status: "rollback-failed", reason: expect.stringContaining(said) });
  });

  it("says so where the version before does not become ready", async () => {
    const { code, err, record } = await deploy({ rollouts: [1, 1] });
    expect(code).toBe(1);
    expect(err).toContain("Going back failed: revision 7 did not become ready within 5 s.");
    expect(record).toMatchObject({ status: "rollback-failed" });
  });

  it("says that there is nothing to go back to the first time", async () => {
    const { code, err, calls, record } = await deploy({ before: "", rollouts: [1] });
    expect(code).toBe(1);
    expect(undone(calls)).toEqual([]);
    expect(err).toContain("There is no earlier version to go back to: this was the first deployment.");
    expect(record).toMatchObject({ status: "failed", previousRevision: null });
  });

  it("changes nothing where the cluster does not answer", async () => {
    const { code, err, calls, record } = await deploy({ before: undefined });
    expect(code).toBe(1);
    expect(err).toContain("error: The cluster does not answer; nothing was changed.");
    expect(calls.filter((call) => /apply|undo/.test(call))).toEqual([]);
    expect(record).toMatchObject({ status: "failed", reason: "The cluster does not answer" });
  });

  it("changes nothing where the registry does not have the image", async () => {
    const missing = `ghcr.io/pawprint-ml/missing:${commit}`;
    const { code, err, calls } = await deploy({}, [], ["--image", missing]);
    expect(code).toBe(1);
    expect(err).toContain(`error: The registry does not have ${missing}`);
    expect(calls).toEqual([]);
  });
});

describe("what is refused before anything is called", () => {
  it.each([
    ["a tag that moves", ["--image", `${repository}:latest`]],
    ["a short commit", ["--image", `${repository}:0123456`]],
    ["a command in the image", ["--image", `${repository}$(touch hacked)@${digest}`]],
    ["a line break in the image", ["--image", `${image}\n- name: other`]],
    ["a commit that is none", ["--image", image, "--commit", "main; touch hacked"]],
    ["a timeout that is none", ["--image", image, "--timeout", "1; touch hacked"]],
    ["an overlay that is none", ["--image", image, "--overlay", "/nowhere"]],
    ["an unknown option", ["--image", image, "--force"]],
    ["an option without its value", ["--image"]],
  ])("%s", (_, line) => {
    const { folder, overlay } = deploymentFolder();
    const { status, stderr } = spawnSync(join(folder, "scripts/deploy.sh"), ["--overlay", overlay, ...line], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: /);
    expect(existsSync(join(folder, "hacked"))).toBe(false);
  });
});

describe("what is applied", () => {
  it("is the overlay with the digest in each container of the image", (context) => {
    if (spawnSync("kubectl", ["version", "--client"]).error) return context.skip("kubectl is not installed");
    const { folder, overlay } = deploymentFolder();
    const odd = join(folder, 'an "odd" name');
    cpSync(overlay, odd, { recursive: true });
    const { status, stdout, stderr } = spawnSync(
      join(folder, "scripts/deploy.sh"),
      ["--image", image, "--commit", commit, "--overlay", odd, "--render"],
      { cwd: folder, encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const [deployment] = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(deployment.metadata.annotations["kubernetes.io/change-cause"]).toBe(`image ${digest}, commit ${commit}`);
    const { initContainers, containers } = deployment.spec.template.spec;
    expect(initContainers).toEqual([{ name: "model", image }]);
    expect(containers).toEqual([
      {
        name: "pawprint",
        image,
        env: [{ name: "PAWPRINT_IMAGE_DIGEST", value: digest }],
        resources: { limits: { memory: "1Gi" } },
      },
      { name: "other", image: "example.org/other:1" },
    ]);
  });
});

describe("the smoke test", () => {
  it("asks the routes with curl where nothing of Pawprint is installed", async () => {
    const { folder } = deploymentFolder();
    const url = await answering(200);
    const run = async (address: string) => {
      const child = spawn(join(folder, "scripts/smoke-test.sh"), [address], { cwd: folder });
      const [code] = (await once(child, "close")) as [number];
      return code;
    };
    expect(await run(url)).toBe(0);
    expect(await run(await answering(503))).toBe(1);
  });

  it.each(["--help", "ftp://example.org", "http://a b", "http://a;touch hacked", "http://$(touch hacked)"])(
    "refuses what is no address: %s",
    (address) => {
      const { folder } = deploymentFolder();
      const { status, stderr } = spawnSync(join(folder, "scripts/smoke-test.sh"), [address], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(status).toBe(2);
      expect(stderr).toContain("Expected a URL that begins with http:// or https://");
      expect(existsSync(join(folder, "hacked"))).toBe(false);
    },
  );
});
