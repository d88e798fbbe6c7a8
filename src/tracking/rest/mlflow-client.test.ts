import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { Type } from "typebox";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificateMaker } from "../../../tests/support/certificates.ts";
import { failureOf } from "../../../tests/support/failure-of.ts";
import {
  type FakeMlflow,
  type FakeMlflowOptions,
  type Fault,
  startFakeMlflow,
} from "../../../tests/support/mlflow-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { interruption } from "../../base/cancel.ts";
import type { ServerAccess } from "../tracking-access.ts";
import { type MlflowCall, type MlflowClient, openMlflowClient } from "./mlflow-client.ts";
import { isAmbiguous } from "./server-failure.ts";

const anything = Type.Object({});
const search: MlflowCall = { method: "POST", path: "experiments/search", body: {}, isRepeatable: true };
const createRun: MlflowCall = { method: "POST", path: "runs/create", body: { experiment_id: "0" } };

interface Opened {
  readonly server: FakeMlflow;
  readonly client: MlflowClient;
  /** The times that were waited, in milliseconds. */
  readonly waits: number[];
}

async function open(options: FakeMlflowOptions = {}, access: Partial<ServerAccess> = {}): Promise<Opened> {
  const server = await startFakeMlflow(options);
  const waits: number[] = [];
  const timing = {
    sleep: async (ms: number) => void waits.push(ms),
    random: () => 0,
    now: () => Date.UTC(2026, 0, 1),
  };
  const client = await openMlflowClient(
    { kind: "server", url: server.url, acceptsAnyCertificate: false, timeoutMs: 300, retries: 3, ...access },
    { timing },
  );
  onTestFinished(() => {
    client.close();
    return server.stop();
  });
  return { server, client, waits };
}

/** The first `count` requests go wrong. */
const first =
  (fault: Fault, count = 1) =>
  (_: unknown, at: number) =>
    at <= count ? fault : undefined;

describe("a call that may be repeated", () => {
  const passing: readonly Fault[] = [
    "close",
    "stall",
    "cut",
    "lose",
    "silent",
    { status: 500 },
    { status: 503 },
    { status: 429 },
    { status: 408 },
  ];
  it.each(passing)("is repeated after %j", async (fault) => {
    const { server, client, waits } = await open();
    server.fault = first(fault, 2);
    await client.call(anything, search);
    expect(server.requests).toHaveLength(3);
    expect(waits).toEqual([250, 500]);
  });

  it("fails once its attempts are used up", async () => {
    const { server, client } = await open();
    server.fault = () => ({ status: 503 });
    const error = await failureOf(client.call(anything, search));
    expect(server.requests).toHaveLength(4);
    expect(error.code).toBe("TRACKING_UNAVAILABLE");
    expect(error.message).toBe(`Expected an answer of the tracking server; got the status 503 (${server.url})`);
    expect(isAmbiguous(error)).toBe(false);
  });

  it("waits as long as the server asks, up to a minute", async () => {
    const { server, client, waits } = await open();
    server.fault = (_, at) =>
      [at === 1 && "7", at === 2 && "Thu, 01 Jan 2026 00:00:09 GMT"]
        .filter((text) => text !== false)
        .map((after) => ({ status: 429, headers: { "retry-after": after } }))[0];
    await client.call(anything, search);
    expect(waits).toEqual([7000, 9000]);
    server.fault = () => ({ status: 429, headers: { "retry-after": "3600" } });
    const error = await failureOf(client.call(anything, search));
    expect(error.retryAfterSeconds).toBe(3600);
    expect(waits).toHaveLength(2);
  });

  it("reaches a server that comes back", async () => {
    const { server, client } = await open();
    await server.stop();
    expect((await failureOf(client.call(anything, search))).received).toBe("a refused connection");
    await server.start();
    await client.call(anything, search);
    expect(server.requests).toHaveLength(1);
  });

  it("ends with its client, and is not sent again", async () => {
    const server = await startFakeMlflow();
    onTestFinished(() => server.stop());
    await server.stop();
    const access = {
      kind: "server",
      url: server.url,
      acceptsAnyCertificate: false,
      timeoutMs: 300,
      retries: 3,
    } as const;
    const client = await openMlflowClient(access);
    const call = failureOf(client.call(anything, createRun));
    client.close();
    expect((await call).code).toBe("INTERRUPTED");
    expect((await failureOf(client.call(anything, createRun))).code).toBe("INTERRUPTED");
    await server.start();
    expect(server.requests).toEqual([]);
  });

  it("passes a connection that the server closed meanwhile", async () => {
    const { server, client } = await open();
    await client.call(anything, search);
    await server.stop();
    await server.start();
    await client.call(anything, search);
  });
});

describe("a call that must not be repeated", () => {
  it.each<Fault>(["cut", "lose", "silent", "stall", "close", { status: 500 }, { status: 503 }])(
    "says after %j that it may have been carried out",
    async (fault) => {
      const { server, client } = await open();
      server.fault = first(fault);
      const error = await failureOf(client.call(anything, createRun));
      expect(isAmbiguous(error)).toBe(true);
      expect(error.code).toMatch(/^TRACKING_UNAVAILABLE$/);
      expect(error.received).toMatch(/, to a request that the server may have carried out$/);
      expect(server.requests).toHaveLength(1);
      const done = fault === "cut" || fault === "lose" || fault === "silent";
      expect(server.runs.runs.size).toBe(done ? 1 : 0);
    },
  );

  it("is repeated where it was not read", async () => {
    const { server, client, waits } = await open();
    server.fault = first({ status: 429 });
    await client.call(anything, createRun);
    expect([server.requests.length, server.runs.runs.size, waits.length]).toEqual([2, 1, 1]);
    await server.stop();
    const error = await failureOf(client.call(anything, createRun));
    expect([error.code, isAmbiguous(error), waits.length]).toEqual(["TRACKING_UNAVAILABLE", false, 4]);
  });

  it("never goes over a connection that was kept", async () => {
    const { server, client } = await open();
    await client.call(anything, search);
    await server.stop();
    await server.start();
    await client.call(anything, createRun);
    expect(server.runs.runs.size).toBe(1);
  });
});

describe("an answer", () => {
  it.each<[Fault, string, string]>([
    ["page", "TRACKING_ANSWER_INVALID", "a page of text/html"],
    [
      { status: 302, headers: { location: "https://else.example/\u0007" } },
      "TRACKING_ANSWER_INVALID",
      "a redirect to https://else.example/",
    ],
    [{ status: 413 }, "TRACKING_ANSWER_INVALID", "the status 413"],
    [{ status: 404 }, "TRACKING_ANSWER_INVALID", "the status 404"],
    [{ status: 401 }, "TRACKING_REFUSED", "the status 401"],
    [{ status: 403 }, "TRACKING_REFUSED", "the status 403"],
    [
      { status: 403, body: "Invalid Host header - possible DNS rebinding attack detected" },
      "TRACKING_REFUSED",
      "the status 403: Invalid Host header - possible DNS rebinding attack detected",
    ],
  ])("%j is no answer of MLflow's", async (fault, code, received) => {
    const { server, client } = await open();
    server.fault = () =>
      typeof fault === "object" && fault.headers ? { ...fault, headers: { location: "https://else.example/" } } : fault;
    const error = await failureOf(client.call(anything, search));
    expect([error.code, error.received]).toEqual([code, received]);
    expect(server.requests).toHaveLength(1);
  });

  it("of another shape is refused by its place", async () => {
    const { client } = await open();
    const schema = Type.Object({ experiments: Type.Array(Type.Object({ experiment_id: Type.Integer() })) });
    const error = await failureOf(client.call(schema, search));
    expect(error.code).toBe("TRACKING_ANSWER_INVALID");
    expect(error.received).toBe('"0" in place of a whole number for experiments.0.experiment_id');
  });

  it("goes to the caller's own errors", async () => {
    const { client } = await open();
    const call: MlflowCall = { method: "GET", path: "runs/get", query: { run_id: "none" } };
    const error = await failureOf(client.call(anything, call));
    expect(error.received).toBe("the answer RESOURCE_DOES_NOT_EXIST: Run with id=none not found");
    const seen: unknown[] = [];
    await failureOf(client.call(anything, { ...call, refusal: (refusal) => void seen.push(refusal) }));
    expect(seen).toMatchObject([{ status: 404, errorCode: "RESOURCE_DOES_NOT_EXIST" }]);
  });

  it("ends where the caller is interrupted", async () => {
    const { server, client } = await open({}, { timeoutMs: 60_000 });
    const ending = new AbortController();
    server.fault = () => {
      setTimeout(() => ending.abort(interruption("SIGINT")), 20);
      return "stall";
    };
    const error = await failureOf(client.call(anything, { ...search, signal: ending.signal }));
    expect([error.code, error.received]).toEqual(["INTERRUPTED", "SIGINT"]);
  });
});

describe("user, password and token", () => {
  const user = "anna";
  const password = "pass: wörd \"'%";
  const token = "s3cret-token.of_a-user";

  it("are sent as MLflow sends them", async () => {
    const basic = await open({ user, password }, { user, password, token });
    await basic.client.call(anything, search);
    const bearer = await open({ token }, { token });
    await bearer.client.call(anything, search);
  });

  it("are in no error, however it is written", async () => {
    const secrets = [password, token, Buffer.from(`${user}:${password}`).toString("base64")];
    const faults: readonly (Fault | undefined)[] = [
      undefined,
      "cut",
      "close",
      "silent",
      "page",
      { status: 302, headers: { location: `https://else.example/?token=${token}` } },
      ...[400, 401, 403, 404, 500, 503].flatMap((status) =>
        secrets.map((secret) => ({
          status,
          body: JSON.stringify({ error_code: `CODE ${secret}`, message: `you sent ${secret}` }),
        })),
      ),
      ...secrets.map((secret) => ({ status: 403, body: `Host header ${secret}` })),
    ];
    for (const access of [{ user, password }, { token }]) {
      const { server, client } = await open({ token: "another" }, { ...access, retries: 0 });
      for (const fault of faults) {
        server.fault = () => fault;
        for (const call of [search, createRun]) {
          const error = await failureOf(client.call(anything, call));
          const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${error.stack}`;
          // Each client has its own secrets; what it never had, it cannot know.
          const own = "token" in access ? [token] : [password, secrets[2]!];
          for (const secret of own) expect(shown).not.toContain(secret);
        }
      }
      expect(inspect(client, { depth: 9 })).not.toContain(password);
      expect(inspect(client, { depth: 9 })).not.toContain(token);
    }
  });

  it("may be wrong", async () => {
    const { client } = await open({ user, password }, { user, password: "other" });
    const error = await failureOf(client.call(anything, search));
    expect(error.code).toBe("TRACKING_REFUSED");
    expect(error.message).toContain(
      "Expected a user and password, or a token, that the tracking server takes; got the status 401",
    );
  });

  it("cannot break the request", async () => {
    const error = await failureOf(open({}, { token: "a\r\nx-injected: 1" }));
    expect([error.code, error.message.includes("injected")]).toEqual(["TRACKING_REFUSED", false]);
  });
});

describe("a server behind a proxy", () => {
  it("keeps its prefix", async () => {
    const { server, client } = await open({ prefix: "/team/mlflow" });
    await client.call(anything, search);
    expect(server.requests[0]?.path).toBe("/api/2.0/mlflow/experiments/search");
  });
});

const certificates = certificateMaker();
describe.skipIf(certificates === undefined)("an encrypted connection", () => {
  const maker = certificates!; // skipped without it
  const ask = async (tls: { cert: string; key: string }, access: Partial<ServerAccess> = {}) => {
    const { client } = await open({ tls }, { timeoutMs: 5000, retries: 0, ...access });
    return client.call(anything, search);
  };

  it("is trusted by its authority's file, or where any certificate is", async () => {
    const tls = maker.sign("IP:127.0.0.1");
    await ask(tls, { caFile: maker.caFile });
    await ask(tls, { acceptsAnyCertificate: true });
  });

  it("names what is wrong with the certificate", async () => {
    const { caFile } = maker;
    const cases = [
      [maker.sign("IP:127.0.0.1"), {}, "a certificate of an unknown authority"],
      [maker.sign("IP:127.0.0.1", -1), { caFile }, "a certificate that has expired"],
      [maker.sign("DNS:else.example"), { caFile }, "a certificate for another host name"],
      [maker.selfSigned(), { caFile }, "a self-signed certificate"],
    ] as const;
    for (const [tls, access, received] of cases) {
      const error = await failureOf(ask(tls, access));
      expect([error.code, error.received]).toEqual(["TRACKING_REFUSED", received]);
    }
  });

  it("is told from a plain one, both ways", async () => {
    const { server, client } = await open({ tls: maker.sign("IP:127.0.0.1") }, {});
    const plain = await open();
    const to = (url: string) =>
      open({}, { url, retries: 0 }).then((one) => failureOf(one.client.call(anything, search)));
    expect((await to(plain.server.url.replace("http:", "https:"))).code).toBe("TRACKING_ANSWER_INVALID");
    expect((await to(server.url.replace("https:", "http:"))).code).toMatch(/^TRACKING_(ANSWER_INVALID|UNAVAILABLE)$/);
    client.close();
  });

  it("needs a file with certificates", async () => {
    const file = join(temporaryFolder("ca"), "ca.pem");
    await writeFile(file, "no certificate");
    expect((await failureOf(open({}, { caFile: file }))).message).toBe(
      `Expected certificates in PEM form; got a file without any (${file})`,
    );
    expect((await failureOf(open({}, { caFile: `${file}.none` }))).code).toBe("FILE_NOT_FOUND");
  });
});

describe("streams", () => {
  const path = "/api/2.0/mlflow-artifacts/artifacts/a";
  const bytes = Buffer.alloc(3_000_000, "x");
  const send = (client: MlflowClient) =>
    client.upload({ method: "PUT", path }, (use) =>
      use({ chunks: [bytes.subarray(0, 7), bytes.subarray(7)], sizeBytes: bytes.length }),
    );

  it("are sent again whole, and received whole or not at all", async () => {
    const { server, client } = await open();
    server.fault = first("close", 2);
    await send(client);
    expect(server.artifacts.files.get("a")?.equals(bytes)).toBe(true);
    server.fault = undefined;
    const read = async () => {
      let size = 0;
      for await (const chunk of client.download({ method: "GET", path })) size += chunk.length;
      return size;
    };
    expect(await read()).toBe(bytes.length);
    server.fault = () => "cut";
    expect((await failureOf(read())).code).toBe("TRACKING_UNAVAILABLE");
  });

  it("pass on what goes wrong where they come from", async () => {
    const { client } = await open();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 10);
      throw interruption("SIGTERM");
    }
    const work = client.upload({ method: "PUT", path }, (use) => use({ chunks: broken(), sizeBytes: 20 }));
    expect((await failureOf(work)).code).toBe("INTERRUPTED");
  });
});
