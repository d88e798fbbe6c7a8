import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { startPawprint } from "../../../../tests/support/pawprint-process.ts";
import { type PipelineFolder, pipelineFolder } from "../../../../tests/support/pipeline-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

async function run(at: PipelineFolder, ...words: readonly string[]) {
  const env = { PATH: process.env.PATH, SHELL: "/bin/sh" };
  const { context, out, err } = captureContext({ cwd: at.folder, env });
  const exitCode = await runCommand(["repro", ...words], context);
  return { exitCode, out: out(), err: err() };
}

const two = `stages:
  make:
    cmd: echo made > made
    outs: [made]
  use:
    cmd: cat made > used
    deps: [made]
    outs: [used]
`;

test("tells each stage, its commands and its end, then a table; the second time that nothing ran", async () => {
  const at = await pipelineFolder({ "dvc.yaml": two });
  const first = await run(at);
  expect(first.exitCode).toBe(0);
  expect(first.err.replaceAll(/[\d.]+ m?s/g, "T")).toBe(`stage 1 of 2: make
> echo made > made
make: ran (T)
stage 2 of 2: use
> cat made > used
use: ran (T)
`);
  expect(first.out.replaceAll(/ +[\d.]+ m?s/g, " T").replaceAll(/ +/g, " ")).toBe(
    "STAGE RESULT TIME\nmake ran T\nuse ran T\n\n2 stages: 2 ran\n",
  );
  expect(await run(at)).toEqual({ exitCode: 0, out: "2 stages, all up to date: nothing ran\n", err: "" });
});

test("a failure ends with exit code 1, the table and what to do; with --json too", async () => {
  const at = await pipelineFolder({ "dvc.yaml": two.replace("echo made > made", "exit 4") });
  const { exitCode, out } = await run(at);
  expect(exitCode).toBe(1);
  expect(out).toBe(`STAGE  RESULT
make   failed
use    skipped

2 stages: 1 failed, 1 skipped
error STAGE_FAILED: Expected the exit code 0 of 'exit 4'; got 4 (stage make)
hint: read what the command printed above, then run again: pawprint repro
`);
  const json = await run(at, "--json", "--keep-going");
  expect(json.exitCode).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    isComplete: false,
    nodes: [
      { name: "make", end: "failed", error: { code: "STAGE_FAILED" } },
      { name: "use", end: "skipped" },
    ],
  });
});

test("with --jobs each line of output names its stage, and no name steers the terminal", async () => {
  const name = "a\u001b[2Jb";
  const yaml = `stages:\n  "a\\e[2Jb":\n    cmd: printf 'one\\ntwo\\033[2J'\n`;
  const at = await pipelineFolder({ "dvc.yaml": yaml });
  for (const words of [["--jobs", "2"], ["--jobs", "2", "--force", "--json"], ["--dry"]]) {
    const { out, err } = await run(at, ...words);
    expect(out + err).not.toContain("\u001b");
    expect(out + err).not.toContain(name);
    if (!words.includes("--dry")) expect(out + err).toContain("[a\\u{1b}[2Jb] one\n[a\\u{1b}[2Jb] two\\u{1b}[2J\n");
  }
});

test("of two at once the second is told who runs the stage, and loses nothing of the first", async () => {
  const yaml =
    "stages:\n  slow:\n    cmd: touch began; while [ ! -e go ]; do sleep 0.05; done; echo slow > made\n    outs: [made]\n";
  const at = await pipelineFolder({ "dvc.yaml": yaml });
  const first = startPawprint(["repro"], { cwd: at.folder });
  await expect.poll(() => at.read("began"), { timeout: 20_000 }).toBe("");
  const second = await run(at);
  expect(second.exitCode).toBe(1);
  expect(second.out + second.err).toMatch(/error LOCKED: .*pawprint repro slow/);
  await at.write("go", "");
  expect(await first.ended).toBe(0);
  expect(await readFile(join(at.folder, "made"), "utf8")).toBe("slow\n");
  expect((await run(at)).out).toBe("1 stage, all up to date: nothing ran\n");
}, 60_000);

test("after a kill in the middle the next one completes", async () => {
  const yaml =
    "stages:\n  slow:\n    cmd: '[ -e go ] || { echo half > made; touch began; sleep 5; exit 1; }; echo whole > made'\n    outs: [made]\n";
  const at = await pipelineFolder({ "dvc.yaml": yaml });
  const killed = startPawprint(["repro"], { cwd: at.folder });
  await expect.poll(() => at.read("began"), { timeout: 20_000 }).toBe("");
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(await at.read("dvc.lock")).toBeUndefined();
  await at.write("go", "");
  expect((await run(at)).exitCode).toBe(0);
  expect(await at.read("made")).toBe("whole\n");
}, 60_000);
