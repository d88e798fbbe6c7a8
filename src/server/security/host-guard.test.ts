/** Over real sockets: no HTTP client sends what is sent here. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";

interface Sent {
  readonly port: number;
  readonly method?: string;
  readonly target?: string;
  readonly headers: readonly string[];
}

function send({ port, method = "GET", target = "/model", headers }: Sent): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const lines = [`${method} ${target} HTTP/1.1`, ...headers, "content-length: 0", "connection: close", "", ""];
    const socket = connect(port, "127.0.0.1", () => socket.write(lines.join("\r\n")));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () =>
      resolve({ status: Number(text.slice(9, 12)), code: /"code":"(\w+)"/.exec(text)?.[1] ?? "" }),
    );
  });
}

const portOf = (origin: string): number => Number(new URL(origin).port);
const allowed = { status: 200, code: "" };
const strange = { status: 421, code: "HOST_NOT_ALLOWED" };
const foreign = { status: 403, code: "ORIGIN_NOT_ALLOWED" };
const invalid = { status: 400, code: "REQUEST_INVALID" };

let service: RunningService;
let port = 0;
let adminPort = 0;
beforeAll(async () => {
  service = await startService(petModel, {
    adminPort: 0,
    allowedHosts: ["Pets.example", ".tunnel.example"],
    corsOrigins: ["http://localhost:3000"],
  });
  [port, adminPort] = [portOf(service.origin), portOf(service.adminOrigin)];
});
afterAll(() => service.close());

describe("on loopback and on the admin port", () => {
  it.each([
    "localhost",
    "localhost:8000",
    "LOCALHOST.",
    "pets.localhost",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.8.8.8",
    "[::1]:8000",
    "192.168.1.5:8000",
    "pets.example",
    "PETS.example:443",
    "pets.example.",
    "tunnel.example",
    "a.b.tunnel.example",
  ])("the host %s is answered", async (host) => {
    expect(await send({ port, headers: [`host: ${host}`] })).toEqual(allowed);
    expect(await send({ port: adminPort, target: "/admin/models", headers: [`host: ${host}`] })).toEqual(allowed);
  });

  it.each([
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost:8000@evil.example",
    "evil.example@localhost",
    "evil.example#localhost",
    "localhost,evil.example",
    "localhost:evil.example",
    "evil.example:localhost",
    "evilpets.example",
    "eviltunnel.example",
    "pets.example.evil.example",
    "localhost..",
    "[::1].evil.example",
    "[localhost]",
    "127.1",
    "2130706433",
    "",
  ])("the host %j is refused", async (host) => {
    for (const target of ["/model", "/livez", "/", "/nothing", "/docs"]) {
      expect(await send({ port, target, headers: [`host: ${host}`] })).toEqual(strange);
    }
    for (const [method, target] of [
      ["GET", "/admin/models"],
      ["POST", "/admin/reload"],
      ["PUT", "/admin/canary"],
    ] as const) {
      expect(await send({ port: adminPort, method, target, headers: [`host: ${host}`] })).toEqual(strange);
    }
  });

  it("the host of a target with a scheme counts, whatever the header says", async () => {
    const headers = ["host: localhost"];
    expect(await send({ port, target: "http://localhost/model", headers })).toEqual(allowed);
    expect(await send({ port, target: "http://evil.example/model", headers })).toEqual(strange);
    expect(await send({ port, target: "http://localhost@evil.example/model", headers })).toEqual(strange);
    expect(await send({ port, target: "http://localhost/model", headers: ["host: evil.example"] })).toEqual(strange);
  });

  it("two hosts are refused, in any order and case", async () => {
    for (const headers of [
      ["host: localhost", "Host: evil.example"],
      ["HOST: evil.example", "host: localhost"],
      ["host: localhost", "host: localhost"],
    ]) {
      expect(await send({ port, headers })).toEqual(invalid);
    }
  });

  it("pages of other origins may not send what changes something", async () => {
    const host = `host: localhost:${adminPort}`;
    const reload = (...headers: string[]) =>
      send({ port: adminPort, method: "POST", target: "/admin/reload", headers: [host, ...headers] });
    for (const origin of [
      "https://evil.example",
      "null",
      "",
      "file://",
      "http://localhost:3001",
      "http://localhost",
      `http://127.0.0.1:${adminPort}`,
      `http://localhost:${adminPort}.evil.example`,
      "http://localhost.evil.example",
    ]) {
      expect(await reload(`origin: ${origin}`)).toEqual(foreign);
    }
    expect(await reload()).toEqual(allowed);
    expect(await reload(`origin: http://localhost:${adminPort}`)).toEqual(allowed);
    expect(await reload("origin: http://localhost:3000")).toEqual(allowed);
    // A tunnel that changes the Host passes on the origin that people see.
    expect(await reload("origin: https://a.tunnel.example")).toEqual(allowed);
    const predict = (origin: string) =>
      send({ port, method: "POST", target: "/predict", headers: ["host: localhost", `origin: ${origin}`] });
    expect(await predict("https://evil.example")).toEqual(foreign);
    expect(await predict("http://localhost")).toEqual(invalid); // it has no picture
    expect(await send({ port, headers: ["host: localhost", "origin: https://evil.example"] })).toEqual(allowed);
  });
});

describe("where other machines are served", () => {
  it("any host is answered, as behind a port mapping, unless hosts are named", async () => {
    const other = await startService(petModel, { host: "0.0.0.0" });
    const named = await startService(petModel, { host: "0.0.0.0", allowedHosts: ["pets.example"] });
    const headers = ["host: shop.example", "origin: https://elsewhere.example"];
    expect(await send({ port: portOf(other.origin), headers })).toEqual(allowed);
    expect(await send({ port: portOf(other.origin), method: "POST", target: "/v2/repository/index", headers })).toEqual(
      allowed,
    );
    expect(await send({ port: portOf(named.origin), headers })).toEqual(strange);
    expect(await send({ port: portOf(named.origin), headers: ["host: 10.0.0.7:8000"] })).toEqual(allowed);
    await Promise.all([other.close(), named.close()]);
  });

  it("`*` allows any host, and no page more than before", async () => {
    const other = await startService(petModel, { adminPort: 0, allowedHosts: ["*"] });
    const sent = { port: portOf(other.adminOrigin), method: "POST", target: "/admin/reload" };
    expect(await send({ ...sent, headers: ["host: any.example"] })).toEqual(allowed);
    expect(await send({ ...sent, headers: ["host: any.example", "origin: https://evil.example"] })).toEqual(foreign);
    await other.close();
  });
});
