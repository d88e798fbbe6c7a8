/** Promotions on the real MLflow server: of models that Python's client made, raced, and read back by it. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { ServerAccess } from "../../src/tracking/tracking-access.ts";
import { modelHistory, modelLineage, promoteModel, rollbackModel } from "../../src/wire/models.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { racePromotions } from "../support/promotion-race.ts";
import { redOrBlue, registeredModels } from "../support/registered-models.ts";
import { sharedMlflow } from "../support/shared-mlflow.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const notes: string[] = [];
const python = await findPeerPython(["mlflow", "onnx", "onnxruntime"], (text) => notes.push(text));
if (python === undefined) process.stderr.write(`skipped: ${notes.join("; ")}\n`);
const folder = temporaryFolder("mlflow-promotion");

const access: ServerAccess = {
  kind: "server",
  url: python === undefined ? "" : await sharedMlflow(),
  acceptsAnyCertificate: false,
  timeoutMs: 60_000,
  retries: 2,
};
const mover = { by: "anna@host" };

/** Runs Python with a client `c` of the server and `arg`; gives what it prints last as JSON. */
async function ask(code: string, arg: unknown): Promise<unknown> {
  const script = join(folder, `ask-${crypto.randomUUID()}.py`);
  const head =
    "import json, sys, mlflow\nmlflow.set_tracking_uri(sys.argv[1])\nc = mlflow.MlflowClient()\narg = json.loads(sys.argv[2])\n";
  await writeFile(script, head + code);
  const { stdout } = await promisify(execFile)(python!, [script, access.url, JSON.stringify(arg)], { cwd: folder });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

describe.skipIf(python === undefined)("promotions on MLflow's server", () => {
  it("take a bundle that Python's client logged and registered, and Python reads the move", async () => {
    const path = join(folder, "bundle.onnx");
    await writeUntrainedBundle(redOrBlue, path);
    const logged = `
import onnx
with mlflow.start_run() as run:
    mlflow.onnx.log_model(onnx.load(arg), name="model", registered_model_name="python-pets")
print(json.dumps(run.info.run_id))
`;
    const runId = await ask(logged, path);
    const models = await registeredModels(access);
    const options = { name: "python-pets", version: "1", alias: "champion", mover, reason: "größer 🐕" };
    expect(await promoteModel(models, options)).toMatchObject({ outcome: "promoted", number: 1 });
    const read = `
m = c.get_registered_model("python-pets")
run = c.get_run(m.tags["pawprint.history_run"])
version = c.get_model_version_by_alias("python-pets", "champion")
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="moves/champion-1.json")
print(json.dumps(dict(version=str(version.version), tags=dict(version.tags), params=run.data.params, status=run.info.status, details=json.load(open(path)))))
`;
    const seen = (await ask(read, null)) as { readonly [key: string]: Readonly<Record<string, string>> };
    expect([seen.version, seen.status]).toEqual(["1", "FINISHED"]);
    expect(Object.keys(seen.params!).sort()).toEqual(["done/champion/000001", "move/champion/000001"]);
    expect(JSON.parse(seen.params!["move/champion/000001"]!)).toMatchObject({
      to: "1",
      by: "anna@host",
      reason: "größer 🐕",
    });
    expect(seen.details!.gates).toHaveLength(9);
    expect(seen.tags!["pawprint.promoted.champion"]).toContain("by anna@host");

    const graph = await modelLineage(models, "python-pets@champion");
    const missing = new Map(graph.nodes.map(({ id, missing: why }) => [id, why]));
    expect(missing.get(`run ${runId}`)).toBeUndefined();
    expect(missing.get("run run-7")).toMatch(/^not in /);
    await models.close();
  }, 240_000);

  it("show moves of Python's client, and go back over them", async () => {
    const models = await registeredModels(access);
    const name = "pets & birds";
    for (const seed of [1, 2]) await models.register(name, { seed });
    await promoteModel(models, { name, version: "1", alias: "champion", mover });
    await ask('c.set_registered_model_alias(arg, "champion", "2")\nprint("null")', name);
    expect((await modelHistory(models, name)).aliases[0]!.moves.map(({ kind }) => kind)).toEqual([
      "promote",
      "outside",
    ]);
    expect(await rollbackModel(models, { name, alias: "champion", mover })).toMatchObject({ from: "2", version: "1" });
    await models.close();
  }, 240_000);

  it("have one winner of several at once", async () => {
    const models = await registeredModels(access);
    const name = "raced";
    for (const seed of [1, 2, 3]) await models.register(name, { seed });
    for (const versions of [
      ["1", "2"],
      ["3", "3"],
    ]) {
      const outcomes = await racePromotions(access, name, versions);
      expect(
        outcomes.filter((outcome) => outcome === "promoted"),
        outcomes.join("; "),
      ).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome.startsWith("PROMOTION_CONFLICT"))).toHaveLength(1);
    }
    const { moves, version } = (await modelHistory(models, name)).aliases[0]!;
    expect([moves.length, moves.at(-1)!.to]).toEqual([2, version]);
    await models.close();
  }, 240_000);
});
