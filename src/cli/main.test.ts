import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
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
});
