import { cp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { sendFile, startFileServer } from "../../../../tests/support/file-server.ts";
import { petModel } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../../tests/support/untrained-bundle.ts";
import { drawSamplePicture } from "../../../image/sample-pictures.ts";
import { inspectBundle, loadBundle } from "../../../wire/library.ts";
import { runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder("models");

async function run(line: string, env: Readonly<Record<string, string>> = {}) {
  const { context, out, err } = captureContext({ cwd, env, now: Date.now });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

async function json(line: string) {
  const { exitCode, out, err } = await run(`${line} --json`);
  expect(err).toBe("");
  expect(exitCode).toBe(0);
  return JSON.parse(out);
}

beforeAll(async () => {
  await writeUntrainedBundle(petModel, join(cwd, "one.onnx"));
  await writeUntrainedBundle({ ...petModel, seed: 8 }, join(cwd, "two.onnx"));
  await writeFile(join(cwd, "cat.jpg"), await drawSamplePicture({ label: "cat", seed: 1, sizePx: 64 }));
  await json("models register pets one.onnx --alias champion --description first --tag team=cats");
  await json("models register pets two.onnx");
});

describe("a bundle by URL with its SHA-256", () => {
  it("is taken where a path is, and downloaded once", async () => {
    const { sha256 } = await inspectBundle(join(cwd, "two.onnx"));
    const { origin, requests } = await startFileServer(sendFile(await readFile(join(cwd, "two.onnx"))));
    const url = `${origin.replace("//", "//me:secret@")}/two.onnx#sha256=${sha256}`;
    const model = `${origin}/two.onnx#sha256=${sha256}`;
    expect(await json(`inspect ${url}`)).toMatchObject({ path: model, sha256 });
    expect(await json(`predict ${url} cat.jpg`)).toEqual({ ...(await json("predict two.onnx cat.jpg")), model });
    expect(await json(`explain ${url} cat.jpg --out by-url`)).toMatchObject({ model, failed: 0 });
    expect((await json(`models card ${url}`)).model).toBe(model);
    expect(await json(`models register by-url ${url} --tracking-uri other-runs`)).toMatchObject({
      version: "1",
      tags: { "pawprint.sha256": sha256 },
    });
    expect(await json(`models lineage ${url}`)).toBeDefined();
    expect(requests).toHaveLength(1);
  });

  it("is refused without its SHA-256, with the form", async () => {
    const { exitCode, err } = await run("inspect https://me:secret@127.0.0.1/two.onnx");
    expect(exitCode).toBe(2);
    expect(err).toContain("https://HOST/NAME.onnx#sha256=HEX");
    expect(err).not.toContain("secret");
  });
});

describe("pawprint models register", () => {
  it("logs a file as a model of a run of its own, and says what is known of it", async () => {
    const { versions, aliases } = await json("models show pets");
    expect(aliases).toEqual({ champion: "1" });
    const { sha256, info } = await inspectBundle(join(cwd, "one.onnx"));
    expect(versions[1]).toMatchObject({
      name: "pets",
      version: "1",
      description: "first",
      aliases: ["champion"],
      source: `models:/${versions[1].modelId}`,
      tags: {
        team: "cats",
        "pawprint.sha256": sha256,
        "pawprint.digest": info.digest,
        "pawprint.accuracy": "0.875",
        "pawprint.dataset_hash": info.lineage.datasetHash,
      },
    });
    const { runs } = await json("runs list");
    expect(runs.map(({ name, status }: Record<string, unknown>) => [name, status])).toEqual([
      ["registered from a file", "FINISHED"],
      ["registered from a file", "FINISHED"],
    ]);
  });

  it("gives the alias as the first move of its history", async () => {
    const { aliases } = await json("models history pets");
    expect(aliases).toHaveLength(1);
    expect(aliases[0].moves).toMatchObject([
      { kind: "register", to: "1", state: "applied", by: expect.stringMatching(/@/) },
    ]);
    expect((await run("models history pets")).out).toMatch(/^1 .* - → 1 +registered +\S/m);
  });

  it("makes no second version of the same bundle, unless it is told to", async () => {
    const again = await run("models register pets one.onnx");
    expect(again.out).toContain("this bundle is models:/pets/1 (champion) already");
    const forced = await json("models register pets one.onnx --force");
    expect(forced).toMatchObject({ version: "3", isNew: true });
  });

  it("registers what is logged already, by its run or its own id", async () => {
    const { modelId, runId } = (await json("models show pets")).versions.at(-1);
    const byRun = await json(`models register others runs:/${runId.slice(0, 8)}/model`);
    expect(byRun).toMatchObject({ version: "1", modelId, runId, source: `models:/${modelId}` });
    expect(await json(`models register others models:/${modelId}`)).toMatchObject({ version: "1", isNew: false });
    expect(await json("models register copies models:/pets@champion")).toMatchObject({ modelId, runId });
  });

  it.each([
    ["models register pets two.onnx --alias champion", "ALIAS_INVALID"],
    ["models register pets two.onnx --alias latest", "ALIAS_INVALID"],
    ["models register pets two.onnx --tag x", "CLI_USAGE"],
    ["models register pets two.onnx --tag ../x=1", "TRACKING_VALUE_INVALID"],
    ["models register ../pets two.onnx", "TRACKING_VALUE_INVALID"],
    ["models register pets nowhere.onnx", "FILE_NOT_FOUND"],
    ["models register pets cat.jpg", "MODEL_UNREADABLE"],
    ["models register pets runs:/00000000000000000000000000000000/model", "RUN_NOT_FOUND"],
    ["models register pets runs:/../model", "RUN_NOT_FOUND"],
    ["models show dogs", "MODEL_NOT_REGISTERED"],
    ["models tag pets 99 a=b", "MODEL_VERSION_NOT_FOUND"],
    ["models tag pets 1", "CLI_USAGE"],
    ["models describe pets ../1 --description x", "MODEL_VERSION_NOT_FOUND"],
  ])("%s is refused with %s, and leaves nothing", async (line, code) => {
    const before = await json("models show pets");
    const { err } = await run(line);
    expect(err).toContain(`error ${code}: `);
    expect(await json("models show pets")).toEqual(before);
  });
});

it("lists models, and shows versions with what they are known by", async () => {
  await run("models describe pets --description Cats_and_dogs");
  await run("models tag pets 2 reviewed=yes");
  expect((await run("models list")).out).toMatch(/^pets +champion 1 +just now +Cats_and_dogs$/m);
  const { out } = await run("models show pets");
  expect(out).toMatch(/^ +1 +champion +87\.50 % +0123456789ab +[0-9a-f]{8} +just now +team=cats +first$/m);
  expect(out).toMatch(/^ +2 +87\.50 % +.*reviewed=yes$/m);
  await run("models tag pets 2 --remove reviewed");
  expect((await run("models show pets")).out).not.toContain("reviewed");
});

describe("an address of a model", () => {
  it("works wherever a bundle's path does", async () => {
    const plain = await json("predict one.onnx cat.jpg");
    const { modelId, runId } = (await json("models show pets")).versions.at(-1);
    for (const address of ["models:/pets@champion", "models:/pets/1", `models:/${modelId}`, `runs:/${runId}/model`]) {
      expect((await json(`predict ${address} cat.jpg`)).results).toEqual(plain.results);
      expect((await json(`inspect ${address}`)).sha256).toBe((await json("inspect one.onnx")).sha256);
    }
    const explained = await json("explain models:/pets@champion cat.jpg --out maps");
    expect(explained.results).toHaveLength(1);
    expect((await json("predict models:/pets/latest cat.jpg")).results).toEqual(plain.results);
    const { out } = await run("inspect models:/pets/1");
    expect(out).toMatch(/^file +models:\/pets\/1 \(.*\)\nversion +1 \(champion\)\ndescription +first\n/);
    const far = { MLFLOW_TRACKING_URI: join(cwd, "runs") };
    expect((await run("inspect models:/pets/1 --tracking-uri elsewhere", far)).err).toContain("MODEL_NOT_REGISTERED");
    expect((await run("inspect models:/pets/1", far)).exitCode).toBe(0);
  });

  it("is taken by the library's functions, with the place of its own", async () => {
    const bundle = { path: "models:/pets@champion", trackingUri: join(cwd, "runs") };
    const { registered, sha256 } = await inspectBundle(bundle);
    expect([registered?.version, registered?.aliases]).toEqual(["1", ["champion"]]);
    expect(sha256).toBe((await inspectBundle(join(cwd, "one.onnx"))).sha256);
    const loaded = await loadBundle(bundle);
    expect(loaded.info.labels).toEqual(petModel.labels);
    await loaded.close();
  });

  it("leads to nothing but what was registered", async () => {
    const { versions } = await json("models show pets");
    const places = await readdir(join(cwd, "runs"), { recursive: true });
    const folder = join(cwd, "runs", places.find((path) => path.endsWith(join(versions.at(-1).modelId, "artifacts")))!);
    const file = join(folder, "model.onnx");
    const bytes = await readFile(file);
    const mlmodel = await readFile(join(folder, "MLmodel"));
    const refusal = async () => (await run("inspect models:/pets@champion")).err;

    await cp(join(cwd, "two.onnx"), file);
    expect(await refusal()).toMatch(/^error MODEL_CHANGED: .*sha256 [0-9a-f]{64}; got one with [0-9a-f]{64} /);
    await rm(file);
    expect(await refusal()).toMatch(/^error MODEL_CHANGED: .*; got none that can be read /);
    await symlink(join(cwd, "one.onnx"), file);
    expect(await refusal()).toMatch(/^error MODEL_CHANGED: .*; got none that can be read /);
    await rm(file);
    await writeFile(join(folder, "MLmodel"), "flavors: {onnx: {data: ../../../../secret}}");
    expect(await refusal()).toMatch(/^error MODEL_CHANGED: .*; got none that can be read /);
    await writeFile(join(folder, "MLmodel"), mlmodel);
    await rename(folder, `${folder}-away`);
    expect(await refusal()).toMatch(/^error MODEL_CHANGED: .*; got none that can be read /);
    await rename(`${folder}-away`, folder);
    await writeFile(file, bytes);
    expect(await refusal()).toBe("");
  });

  it.each([
    ["models:/pets@nobody", "MODEL_VERSION_NOT_FOUND"],
    ["models:/pets/77", "MODEL_VERSION_NOT_FOUND"],
    ["models:/nobody@champion", "MODEL_NOT_REGISTERED"],
    ["models:/nobody/latest", "MODEL_NOT_REGISTERED"],
    ["models:/pets", "MODEL_SOURCE_INVALID"],
    ["models:/m-00000000000000000000000000000000", "LOGGED_MODEL_NOT_FOUND"],
    ["runs:/00000000000000000000000000000000/model", "RUN_NOT_FOUND"],
    ["runs:/../../etc/model", "RUN_NOT_FOUND"],
  ])("%s is refused with %s", async (address, code) => {
    expect((await run(`inspect ${address}`)).err).toContain(`error ${code}: `);
  });
});
