import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const node = ["--import", "tsx", "src/cli/main.ts"];
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

describe("the pawprint process", () => {
  it("writes results to standard output, errors to standard error, and ends with the exit code", async () => {
    const failed = await promisify(execFile)(process.execPath, [...node, "erors"], { env }).catch((error) => error);
    expect(failed).toMatchObject({ code: 2, stdout: "" });
    expect(failed.stderr).toContain(
      "error CLI_USAGE: Expected a known command; got erors\nhint: did you mean pawprint errors?\n",
    );
  });

  it("ends quietly where the reader closes the pipe, with the exit code that a shell gives for that", async () => {
    const child = spawn(process.execPath, [...node, "errors"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let complaint = "";
    child.stderr.on("data", (chunk) => {
      complaint += String(chunk);
    });
    const [exitCode] = await once(child, "close");
    expect({ exitCode, complaint }).toEqual({ exitCode: 141, complaint: "" });
  });

  it("says so where a server closes every connection at once", async () => {
    const server = createServer((socket) => void socket.on("error", () => undefined).destroy());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address() as { readonly port: number };
    const line = [...node, "smoke", `http://127.0.0.1:${address.port}`];
    const failed = await promisify(execFile)(process.execPath, line, { env }).catch((error) => error);
    server.close();
    expect(failed.stderr).toContain("error SERVICE_UNREACHABLE");
    expect(failed.code).toBe(1);
  });

  it("says so where a command waits for what can never come", async () => {
    const noConnection = "import net from 'node:net'; net.Socket.prototype.connect = function () { return this; };";
    const preload = ["--import", `data:text/javascript,${encodeURIComponent(noConnection)}`];
    const line = [...preload, ...node, "smoke", "http://127.0.0.1:65000"];
    const failed = await promisify(execFile)(process.execPath, line, { env }).catch((error) => error);
    expect(failed.stderr).toContain("waits for nothing that is open");
    expect(failed.code).toBe(1);
  });
});
