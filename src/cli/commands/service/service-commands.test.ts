import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { petModel, type RunningService, startService } from "../../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../../tests/support/temporary-folder.ts";
import { type HostContext, runCommand } from "../../frame/run-command.ts";

const cwd = temporaryFolder();
let service: RunningService;
const nobody = "http://127.0.0.1:9";
beforeAll(async () => {
  service = await startService(petModel);
});
afterAll(async () => {
  await service.close();
});

async function run(line: string, overrides: Partial<HostContext> = {}) {
  const { context, out, err } = captureContext({ cwd, ...overrides });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

/** A server that is none of ours; `delayMs` before it answers. */
async function stranger(body: string, delayMs = 0) {
  const server = createServer((_, response) => {
    setTimeout(() => response.setHeader("content-type", "application/json").end(body), delayMs).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    origin,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("pawprint health", () => {
  it("is an exit code", async () => {
    expect(await run(`health ${service.origin}`)).toEqual({ exitCode: 0, out: "ready\n", err: "" });
    const json = await run(`health ${service.origin.replace("http://", "")} --json`);
    expect(JSON.parse(json.out)).toMatchObject({ url: service.origin, ready: true });
  });

  it("ends with 1 where nobody listens, or nobody answers in time", async () => {
    const { exitCode, err } = await run(`health ${nobody}`);
    expect(exitCode).toBe(1);
    expect(err).toContain("error SERVICE_UNREACHABLE");
    const slow = await stranger("{}", 5000);
    const late = await run(`health ${slow.origin} --timeout-ms 50`);
    slow.close();
    expect(late).toMatchObject({ exitCode: 1, out: "not ready: no answer in 50 ms\n" });
  });

  it("asks below the path that a service has behind a proxy, and takes no other program for it", async () => {
    const other = await stranger('{"status":"up"}');
    expect(await run(`health ${other.origin}`)).toMatchObject({
      exitCode: 1,
      out: "not ready: an answer of another program\n",
    });
    other.close();
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("content-type", "application/json").end('{"status":"ok"}');
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    expect(await run(`health http://127.0.0.1:${port}/pets/`)).toMatchObject({ exitCode: 0, out: "ready\n" });
    proxy.close();
    expect(asked).toEqual(["/pets/readyz"]);
  });

  it.each(["ftp://host", "http://", "::", "http://host?x"])("refuses %s as an address", async (url) => {
    const { exitCode, err } = await run(`health ${url}`);
    expect(exitCode).toBe(2);
    expect(err).toContain("error CLI_USAGE");
  });
});

describe("pawprint smoke", () => {
  it("lists every route with its time, and counts them", async () => {
    const { exitCode, out } = await run(`smoke ${service.origin}`);
    expect(out).toMatch(/^ok +GET \/model +[\d.]+ ms/);
    expect(out).toMatch(/\n\d\d routes answer as they should\n$/);
    expect(exitCode).toBe(0);
    const json = JSON.parse((await run(`smoke ${service.origin} --json`)).out);
    expect(json.failed).toBe(0);
    expect(json.steps.every((step: { ok: boolean }) => step.ok)).toBe(true);
  });

  it("ends with 1 at a service that is another, and where nobody listens", async () => {
    const other = await stranger('{"hello":"world"}');
    const { exitCode, out } = await run(`smoke ${other.origin}`);
    other.close();
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^fails +GET \/model/);
    expect((await run(`smoke ${nobody}`)).err).toContain("error SERVICE_UNREACHABLE");
  });
});

describe("pawprint keys", () => {
  it("makes a key that is shown once, lists it, and ends it", async () => {
    const now = () => Date.parse("2026-03-01T00:00:00Z");
    const made = await run("keys create shop --requests-per-minute 60 --days 30 --json", { now });
    const { key, id } = JSON.parse(made.out);
    // The secret may hold underscores as well.
    const [, secret] = /^pawprint_[0-9a-f]+_([\w-]{20,})$/.exec(key)!;
    expect(await readFile(join(cwd, "pawprint-keys.json"), "utf8")).not.toContain(secret);
    const listed = await run("keys list", { now });
    expect(listed.out).toContain(id);
    expect(listed.out).toMatch(/shop +predict +valid +2026-03-01 +2026-03-31 +60/);
    expect(listed.out).not.toContain(secret);
    const later = () => Date.parse("2026-05-01T00:00:00Z");
    expect((await run("keys list", { now: later })).out).toContain("expired");
    expect((await run(`keys revoke ${id}`, { now })).out).toBe(`shop (${id}) is revoked\n`);
    expect((await run("keys list", { now })).out).toContain("revoked");
  });

  it("refuses ids that there are not, and files that hold no keys", async () => {
    expect((await run("keys revoke 000000000000")).err).toContain("error KEY_UNKNOWN");
    await writeFile(join(cwd, "broken.json"), "{");
    for (const line of ["keys list --file broken.json", "keys create x --file broken.json"]) {
      const { exitCode, err } = await run(line);
      expect(exitCode).toBe(1);
      expect(err).toContain("error KEYS_INVALID");
    }
    expect(await readFile(join(cwd, "broken.json"), "utf8")).toBe("{");
  });
});
