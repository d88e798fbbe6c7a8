import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { interruption } from "../base/cancel.ts";
import { type CommandSettings, commandsOf, runCommands } from "./repro-commands.ts";

function settings(over: Partial<CommandSettings> = {}) {
  const chunks: Buffer[] = [];
  const output = (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk));
  const env = { PATH: process.env.PATH, SHELL: "/bin/sh" };
  const made: CommandSettings = { stage: "train", folder: temporaryFolder(), env, output, ...over };
  return { made, printed: () => Buffer.concat(chunks) };
}

test("takes a text apart by lines as Python does, and leaves a list as it is", () => {
  expect(commandsOf("a\nb\r\nc\u2028d\x1ce\n")).toEqual(["a", "b", "c", "d", "e"]);
  expect(commandsOf("a\n\nb")).toEqual(["a", "", "b"]);
  expect(commandsOf(["a\nb", "c"])).toEqual(["a\nb", "c"]);
});

test("runs commands in the stage's folder and with its environment, and says which", async () => {
  const { made, printed } = settings();
  const told: string[] = [];
  const env = { ...made.env, DVC_STAGE: "train" };
  await runCommands(["echo $DVC_STAGE > a", "cat a; echo err >&2"], {
    ...made,
    env,
    onCommand: (command) => told.push(command),
  });
  expect(await readFile(join(made.folder, "a"), "utf8")).toBe("train\n");
  expect(printed().toString().split("\n").sort()).toEqual(["", "err", "train"]);
  expect(told).toEqual(["echo $DVC_STAGE > a", "cat a; echo err >&2"]);
});

test("ends at the first command that fails", async () => {
  const { made, printed } = settings();
  const error = await failureOf(runCommands("echo one\nexit 3\necho two", made));
  expect(error).toMatchObject({ code: "STAGE_FAILED" });
  expect(error.message).toBe("Expected the exit code 0 of 'exit 3'; got 3 (stage train)");
  expect(printed().toString()).toBe("one\n");
});

test("names the signal that ended a command, and shows no control characters of its text", async () => {
  const { made } = settings({ stage: "a\u001b[2J" });
  const error = await failureOf(runCommands(["kill -KILL $$ # \u001b]0;x"], made));
  expect(error.message).toBe(
    "Expected the exit code 0 of 'kill -KILL $$ # \\u{1b}]0;x'; got an end by SIGKILL (stage a\\u{1b}[2J)",
  );
});

test("says which shell could not be started", async () => {
  const { made } = settings();
  const error = await failureOf(runCommands("true", { ...made, env: { SHELL: "/nowhere/sh" } }));
  expect(error).toMatchObject({ code: "STAGE_FAILED", received: "the shell /nowhere/sh that could not be started" });
});

test("a shell reads no files of settings", async () => {
  const { made, printed } = settings();
  await writeFile(join(made.folder, ".bashrc"), "echo from bashrc\n");
  const env = { ...made.env, SHELL: "/bin/bash", HOME: made.folder, BASH_ENV: undefined };
  await runCommands("echo ran", { ...made, env });
  expect(printed().toString()).toBe("ran\n");
});

test("output without an end passes in bounded memory, and an interruption reaches all processes of a command", async () => {
  const stop = new AbortController();
  let bytes = 0;
  const output = async (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > 20_000_000) stop.abort(interruption("SIGINT"));
  };
  const { made } = settings({ output, signal: stop.signal });
  const before = process.memoryUsage().rss;
  const error = await failureOf(runCommands("cat /dev/zero | cat", made));
  expect(error).toMatchObject({ code: "INTERRUPTED", received: "SIGINT" });
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
});

test("starts nothing once it was interrupted", async () => {
  const { made, printed } = settings({ signal: AbortSignal.abort(interruption("SIGTERM")) });
  expect(await failureOf(runCommands("echo ran", made))).toMatchObject({ code: "INTERRUPTED", received: "SIGTERM" });
  expect(printed().length).toBe(0);
});

test("does not wait for a process that a command leaves behind", async () => {
  const { made, printed } = settings();
  await runCommands("(sleep 60 & echo $!) ; echo ended", made);
  const [pid] = printed().toString().split("\n");
  process.kill(Number(pid), "SIGKILL");
  expect(printed().toString()).toContain("ended\n");
});

test("a sink that fails ends the command", async () => {
  const output = () => Promise.reject(new Error("nobody reads"));
  const { made } = settings({ output });
  await expect(runCommands("echo one; sleep 60", made)).rejects.toThrow("nobody reads");
});
