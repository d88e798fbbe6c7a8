/** A small sweep in pods, from the rendered Job to the ranking, and what the three commands refuse. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { captureContext } from "../../../../../tests/support/captured-context.ts";
import { writePictureFolder } from "../../../../../tests/support/picture-folder.ts";
import { type S3Server, startS3Server, useS3Server } from "../../../../../tests/support/s3-server.ts";
import { temporaryFolder } from "../../../../../tests/support/temporary-folder.ts";
import { runCommand } from "../../../frame/run-command.ts";

const cwd = temporaryFolder("sweep-job");
const out = "s3://pets/sweeps/one";
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
  useS3Server(server.endpoint);
  await writePictureFolder(join(cwd, "pictures"));
  await writeFile(
    join(cwd, "small.yaml"),
    `data: elsewhere # replaced
trials: 3
epochs: 1
fixed: { size: 8, widths: [8], batchSize: 8, flip: false }
search: { learningRate: { choice: [0.01, 0.02, 0.03] } }
`,
  );
  await writeFile(join(cwd, "halving.yaml"), `method: halving\n${await readFile(join(cwd, "small.yaml"), "utf8")}`);
  // As of the pods, but for the data, which is the pods' own.
  const plain = (await readFile(join(cwd, "small.yaml"), "utf8")).replace("elsewhere", join(cwd, "pictures"));
  await writeFile(join(cwd, "plain.yaml"), plain);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

async function run(argv: readonly string[], env = {}) {
  const captured = captureContext({ cwd, env });
  const exitCode = await runCommand(argv, captured.context);
  return { exitCode, out: captured.out(), err: captured.err() };
}

function render(...more: readonly string[]) {
  const required = ["--image", "train:1", "--data", join(cwd, "pictures"), "--out", out];
  return run(["sweep", "render", "small.yaml", ...required, ...more]);
}

interface Rendered {
  readonly metadata: object;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly completions: number;
    readonly parallelism: number;
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
    };
  };
}

/** ConfigMap and Job. */
const parse = (text: string) =>
  parseAllDocuments(text).map((document) => document.toJS() as Rendered) as [Rendered, Rendered];

/** What the kubelet does with the arguments of a container. */
const expand = (arg: string, env: Readonly<Record<string, string>>): string =>
  arg.replace(/\$\$|\$\((\w+)\)/g, (whole, name?: string) => (name === undefined ? "$" : (env[name] ?? whole)));

describe("a sweep in pods", () => {
  it("is ranked as the same sweep in one place", async () => {
    const rendered = await render();
    expect(rendered.err).toBe("");
    const [configMap, job] = parse(rendered.out);
    await writeFile(join(cwd, "mounted.yaml"), configMap.data["sweep.yaml"]!);
    const [{ args }] = job.spec.template.spec.containers as [{ args: readonly string[] }];
    expect(job.spec.completions).toBe(3);
    for (let index = 0; index < 3; index++) {
      if (index === 2) {
        const { exitCode, out: shown } = await run(["sweep", "collect", out]);
        expect(exitCode).toBe(0);
        expect(shown).toMatch(/Missing {2}trials 2 \(1 of 3\)\n$/);
      }
      const env = { JOB_COMPLETION_INDEX: String(index) };
      const places: Readonly<Record<string, string>> = {
        "/sweep/sweep.yaml": join(cwd, "mounted.yaml"),
        "/work/sweep": join(cwd, `pod-${index}`),
      };
      const argv = args.map((arg) => expand(arg, env)).map((arg) => places[arg] ?? arg);
      const pod = await run(argv, env);
      expect(pod.err).toBe("");
      expect(pod.exitCode).toBe(0);
      expect(pod.out).toContain(`trial ${index}: `);
      expect(pod.out).toContain(`left in ${out}/`);
    }
    const collected = JSON.parse((await run(["sweep", "collect", out, "--json"])).out);
    const plain = JSON.parse((await run(["sweep", "plain.yaml", "--json"])).out);
    type Row = { runId: string; durationMs: number; bundle?: string };
    const rows = (results: Row[]) => results.map(({ runId: _, durationMs: __, bundle: ___, ...result }) => result);
    expect(rows(collected.results)).toEqual(rows(plain.results));
    expect(collected).toMatchObject({ trials: 3, failed: [], missing: [], address: `${out}/` });
    const { out: shown } = await run(["sweep", "collect", out]);
    expect(shown).toMatch(/TRIAL +EPOCHS +VALIDATION +LOSS +learningRate\n/);
    expect(shown).toMatch(/Best {5}s3:\/\/pets\/sweeps\/one\/trial-00\d-epochs-1\/model-[0-9a-f]{16}\.onnx\n$/);
    const { out: best } = await run(["sweep", "collect", out, "--quiet"]);
    expect(server.objects.has(best.trim().replace("s3://pets/", ""))).toBe(true);
  }, 120_000);

  it("leaves a trial that cannot be trained as a result, and ends with 1 where no other is there", async () => {
    await writeFile(
      join(cwd, "bad.yaml"),
      "data: pictures\nsearch: { size: { choice: [4] } }\ntrials: 1\nepochs: 1\nfixed: { widths: [8, 8, 8, 8] }\n",
    );
    const pod = await run(["sweep", "bad.yaml", "--trial", "0", "--results", "left"]);
    expect(pod).toMatchObject({ exitCode: 0, err: "" });
    expect(pod.out).toMatch(/^trial 0: CONFIG_INVALID; left in /);
    const { exitCode, out: shown } = await run(["sweep", "collect", "left"]);
    expect(exitCode).toBe(1);
    expect(shown).toMatch(/no trial finished\nFailed {3}trials 0 \(1 of 1\)\n$/);
  }, 60_000);

  it("fails the pod where another attempt may end better", async () => {
    const text = await readFile(join(cwd, "small.yaml"), "utf8");
    await writeFile(join(cwd, "nowhere.yaml"), text.replace("elsewhere", "nowhere"));
    const pod = await run(["sweep", "nowhere.yaml", "--trial", "0", "--results", "failed"]);
    expect(pod.exitCode).toBe(1);
    expect(pod.err).toMatch(/^error FILE_NOT_FOUND: Expected (?!Expected)/);
    expect(JSON.parse((await run(["sweep", "collect", "failed", "--json"])).out)).toMatchObject({
      results: [{ error: { code: "FILE_NOT_FOUND" } }],
      missing: [1, 2],
    });
  }, 60_000);
});

describe("a rendered sweep", () => {
  it("is named after its file, holds it with the pods' data, and takes no more pods than trials", async () => {
    const [configMap, job] = parse((await render("--parallelism", "9")).out);
    expect(configMap.metadata).toMatchObject({ name: "sweep-small" });
    expect(configMap.data["sweep.yaml"]).toContain(`data: ${join(cwd, "pictures")} # replaced\n`);
    expect(job.metadata).toEqual(configMap.metadata);
    expect(job.spec.parallelism).toBe(3);
  });

  it("is written to a file, which is not replaced without --force", async () => {
    const more = ["--name", "mine", "--namespace", "pets", "--to", "job.yaml"];
    expect((await render(...more)).out).toBe("job.yaml: Job mine with 3 trials, for kubectl apply -f\n");
    expect(parse(await readFile(join(cwd, "job.yaml"), "utf8"))[1].metadata).toMatchObject({
      name: "mine",
      namespace: "pets",
    });
    expect((await render(...more)).err).toContain("error FILE_EXISTS");
    expect((await render(...more, "--force")).exitCode).toBe(0);
  });

  it.each([
    [["--image", "train"], "an image with a digest, or with a tag other than latest, for --image"],
    [["--image", "train:latest"], "an image with a digest"],
    [["--image", "localhost:5000/train"], "an image with a digest"],
    [["--out", "folder"], "an address s3://BUCKET/PREFIX"],
    [["--out", "s3://x"], "an address s3://BUCKET/PREFIX"],
    [["--data", "a\nb"], "text without line breaks"],
    [["--name", "Not_A_Name"], "a name of at most 50"],
    [["--namespace", "a_b"], "a name of at most 63"],
    [["--cpu", "two"], "cores such as 2"],
    [["--cpu", "0"], "cores such as 2"],
    [["--memory", "4GB"], "memory such as 4Gi"],
  ])("is refused with %j", async (flags, expected) => {
    const { exitCode, err } = await render(...flags);
    expect(err).toContain(`error CLI_USAGE: Expected ${expected}`);
    expect(exitCode).toBe(2);
  });

  it("is refused for successive halving, which says why", async () => {
    const argv = ["sweep", "render", "halving.yaml", "--image", "train:1", "--data", "x", "--out", out];
    const { exitCode, err } = await run(argv);
    expect(exitCode).toBe(2);
    expect(err).toMatch(
      /^error CONFIG_INVALID: Expected method random.* got halving, which chooses the trials of a round/,
    );
  });
});

it.each([
  [["sweep", "small.yaml", "--results", "x"], "no --trial"],
  [["sweep", "small.yaml", "--results", "x", "--trial", "1", "--trial-epochs", "2"], "--trial-epochs"],
])("refuses %j", async (argv, received) => {
  expect((await run(argv)).err).toContain(`and without --trial-epochs; got ${received}`);
});

it("collects nothing from an address of another kind", async () => {
  const { exitCode, err } = await run(["sweep", "collect", "http://user:word@pets"]);
  expect(exitCode).toBe(2);
  expect(err).toContain("error ARGUMENT_INVALID");
  expect(err).not.toContain("word");
});
