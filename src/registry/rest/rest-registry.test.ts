import { describe, expect, it, onTestFinished } from "vitest";
import { describeModelRegistry } from "../../../tests/contracts/model-registry.ts";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { type FakeMlflow, startFakeMlflow } from "../../../tests/support/mlflow-server.ts";
import type { ServerAccess } from "../../tracking/tracking-access.ts";
import { openRestRegistry } from "./rest-registry.ts";

const access = (server: FakeMlflow, retries = 1): ServerAccess => ({
  kind: "server",
  url: server.url,
  acceptsAnyCertificate: false,
  timeoutMs: 500,
  retries,
});

describeModelRegistry("a server", async () => {
  const server = await startFakeMlflow();
  const open = () => openRestRegistry({ ...access(server), timeoutMs: 10_000 });
  return { registry: await open(), again: open, remove: () => server.stop() };
});

async function opened(retries?: number) {
  const server = await startFakeMlflow();
  const registry = await openRestRegistry(access(server, retries));
  onTestFinished(async () => {
    await registry.close();
    await server.stop();
  });
  return { server, registry };
}

const source = "runs:/3f8ef1c08ac94412b2b0a3033bb11b13/model";
const version = { source, runId: "3f8ef1c08ac94412b2b0a3033bb11b13", tags: new Map([["k", "v"]]) };

describe("a registry on a server that misbehaves", () => {
  it.each(["cut", "lose", "silent"] as const)(
    "makes one version where the answer to its creation is %s",
    async (fault) => {
      const { server, registry } = await opened();
      await registry.ensureModel("pets");
      await registry.createVersion("pets", version);
      server.fault = ({ method, path }) =>
        method === "POST" && path.endsWith("/model-versions/create") ? fault : undefined;
      const made = await registry.createVersion("pets", version);
      server.fault = undefined;
      expect(made.version).toBe("2");
      expect((await registry.listVersions("pets")).map((one) => one.version)).toEqual(["2", "1"]);
    },
  );

  it("says so where a creation was lost before it was done", async () => {
    const { server, registry } = await opened();
    await registry.ensureModel("pets");
    server.fault = ({ path }) => (path.endsWith("/model-versions/create") ? "close" : undefined);
    expect((await failureOf(registry.createVersion("pets", version))).code).toBe("TRACKING_UNAVAILABLE");
    server.fault = undefined;
    expect(await registry.listVersions("pets")).toEqual([]);
  });

  it("sends again what does no harm", async () => {
    const { server, registry } = await opened();
    await registry.ensureModel("pets");
    await registry.createVersion("pets", version);
    let faults = 0;
    server.fault = ({ method }) => (method !== "GET" && faults++ % 2 === 0 ? { status: 503 } : undefined);
    await registry.setAlias("pets", "champion", "1");
    await registry.setVersionTag("pets", "1", "a", "b");
    await registry.deleteVersionTag("pets", "1", "k");
    expect(await registry.getVersion("pets", "1")).toMatchObject({
      aliases: ["champion"],
      tags: new Map([["a", "b"]]),
    });
  });

  it("ends what is being asked when it is closed", async () => {
    const { server, registry } = await opened(5);
    server.fault = () => "stall";
    const asking = failureOf(registry.listModels());
    await expect.poll(() => server.requests.length).toBe(1);
    await registry.close();
    expect(["INTERRUPTED", "TRACKING_UNAVAILABLE"]).toContain((await asking).code);
    expect(server.requests).toHaveLength(1);
  });

  it("reads no path of the server's machine, whatever the server says", async () => {
    const { registry } = await opened();
    const at = {
      name: "pets",
      version: "1",
      description: "",
      createdMs: 0,
      updatedMs: 0,
      tags: new Map(),
      aliases: [],
    };
    for (const hostile of ["/etc", "file:///etc", "file:///proc/self", "../..", "s3://bucket/key", "dbfs:/x", ""]) {
      const failure = await failureOf(registry.listFiles({ ...at, source: hostile }));
      expect(failure.code).toBe("MODEL_SOURCE_INVALID");
    }
  });
});
