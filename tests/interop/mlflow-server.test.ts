/** Runs on MLflow's own server: the contract of run stores, and all that we write read by MLflow's own client. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRestRunStore } from "../../src/tracking/rest/rest-run-store.ts";
import type { RunStore } from "../../src/tracking/run-store.ts";
import type { ServerAccess } from "../../src/tracking/tracking-access.ts";
import { describeRunStore } from "../contracts/run-store.ts";
import { failureOf } from "../support/failure-of.ts";
import { findMlflowClient } from "../support/mlflow-client.ts";
import { type MlflowPeer, startMlflowPeer } from "../support/mlflow-peer.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { dumpRuns, writeSampleRuns } from "../support/sample-runs.ts";
import { sharedMlflow } from "../support/shared-mlflow.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const note = (text: string) => process.stderr.write(`${text}\n`);
const python = await findPeerPython(["mlflow"], note);
const pythonWithAuth = python && (await findPeerPython(["mlflow", "Flask-WTF"], note));
if (!pythonWithAuth) note("skipped: the tests with mlflow's basic-auth");
const mlflow = await findMlflowClient();

function accessTo(url: string, more: Partial<ServerAccess> = {}): ServerAccess {
  return { kind: "server", url, acceptsAnyCertificate: false, timeoutMs: 60_000, retries: 2, ...more };
}

/** The server's database holds infinities as the largest number, which the Python client shows. */
function withInfinities(dump: unknown): unknown {
  return JSON.parse(JSON.stringify(dump).replaceAll(/(-?)1\.7976931348623157e\+308/g, '"$1Infinity"'));
}

describe.skipIf(!python)("MLflow's server over a database", () => {
  let url: string;
  beforeAll(async () => {
    url = await sharedMlflow();
  });

  const open = () => openRestRunStore(accessTo(url));

  describeRunStore("MLflow's server", async () => ({ store: await open(), reopen: open }));

  it("holds what we write, for its own client value for value", async () => {
    const name = "cats-dogs: größe";
    const store = await open();
    await writeSampleRuns(store, name);
    const read = withInfinities(mlflow!.call("dump", url, name)) as { models: Record<string, { run: string }> }; // the script's form
    const ours = await dumpRuns(store, ({ runId }) => [["of model", 0.5, 3, runId]], name);
    expect(ours).toEqual(read);
    expect(Object.keys(read.models)).toHaveLength(4);
    await store.close();
  });

  it("gives what its own client wrote", async () => {
    mlflow!.call("write", url);
    const name = 'it: #1 "größe"';
    const store = await open();
    const ours = await dumpRuns(store, ({ runId }) => [["of model", 0.5, 4, runId]], name);
    expect(ours).toEqual(withInfinities(mlflow!.call("dump", url, name)));
    await store.close();
  });

  it("takes and gives large files in pieces", async () => {
    const store = await open();
    const { id: experimentId } = await store.ensureExperiment("large files");
    const { id: runId } = await store.createRun({ experimentId, name: "large", startedMs: 1 });
    const file = join(temporaryFolder("large"), "content");
    const sizeBytes = 300 * 2 ** 20;
    await writeFile(file, Buffer.alloc(sizeBytes, "0123456789abcdef"));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 5);
    await store.writeArtifact({ runId }, "large.bin", { file });
    let received = 0;
    for await (const chunk of store.readArtifact({ runId }, "large.bin")) received += chunk.length;
    clearInterval(watching);
    expect(received).toBe(sizeBytes);
    expect(most).toBeLessThan(sizeBytes / 4);
    await store.close();
  });
});

describe.skipIf(!python)("MLflow's server with users, without artifacts of its own", () => {
  const users = pythonWithAuth ? { user: "admin", password: "a password of 12+ characters" } : undefined;
  let server: MlflowPeer;
  beforeAll(async () => {
    const auth = users && { adminPassword: users.password };
    server = await startMlflowPeer(pythonWithAuth ?? python!, { servesArtifacts: false, ...auth });
  });
  afterAll(() => server?.stop());

  const opened = (more: Partial<ServerAccess> = {}): Promise<RunStore> => openRestRunStore(accessTo(server.url, more));

  it("has them in a folder of this machine, where MLflow's client finds them", async () => {
    const store = await opened(users);
    await writeSampleRuns(store, "in a folder");
    const client = await findMlflowClient(
      users && { MLFLOW_TRACKING_USERNAME: users.user, MLFLOW_TRACKING_PASSWORD: users.password },
    );
    const ours = await dumpRuns(store, ({ runId }) => [["of model", 0.5, 3, runId]], "in a folder");
    expect(ours).toEqual(withInfinities(client!.call("dump", server.url, "in a folder")));
    await store.close();
  });

  it.skipIf(!users)("takes the right password and refuses others, without showing them", async () => {
    const store = await opened(users);
    expect((await store.ensureExperiment("of the admin")).lifecycle).toBe("active");
    await store.close();
    for (const more of [{}, { user: "admin", password: "wrong-password" }, { token: "wrong-password" }]) {
      const other = await opened(more);
      const error = await failureOf(other.listExperiments());
      expect([error.code, error.received]).toEqual(["TRACKING_REFUSED", "the status 401"]);
      expect(JSON.stringify([error, error.stack])).not.toContain("wrong-password");
      await other.close();
    }
  });
});
