/** `repro` beside `dvc repro`: the same dvc.lock, run-cache, cache and .gitignore, whoever runs. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stagesJson } from "../../src/cli/text/stage-status-text.ts";
import { pipelineStatus } from "../../src/pipeline/pipeline-status.ts";
import { type ReproOptions, repro } from "../../src/pipeline/repro.ts";
import { openRepository } from "../../src/versioning/repo/open-repository.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("dvc-repro");
const dvc = await findDvc(home);
const data = process.env.PAWPRINT_TEST_DATA;
const corpus = data === undefined ? undefined : join(data, "dvc-corpus/06-pipeline.tar.gz");
const numRuns = Number(process.env.RUNS ?? 4);

/** Stages that ran or were restored. */
async function ours(folder: string, options: ReproOptions = {}): Promise<readonly string[]> {
  const env = { PATH: process.env.PATH, SHELL: process.env.SHELL };
  const report = await repro(await openRepository(folder), [], { env, output: () => () => undefined, ...options });
  const failed = report.nodes.find(({ error }) => error !== undefined);
  if (failed) throw failed.error;
  return report.nodes.flatMap(({ name, end }) => (end === "unchanged" ? [] : [`${name} ${end}`]));
}

async function theirs(folder: string): Promise<void> {
  await dvc!(folder, "repro", "--quiet"); // the tests are skipped without it
}

/** What both tools keep: content of the cache by name, the lock, what Git ignores. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const state: Record<string, string> = {};
  const cache = join(folder, ".dvc/cache");
  for (const name of readdirSync(cache, { recursive: true, encoding: "utf8" })) {
    if (name.startsWith(".") || !statSync(join(cache, name)).isFile()) continue;
    state[`cache/${name}`] = readFileSync(join(cache, name), "latin1");
  }
  for (const name of ["dvc.lock", ".gitignore", "data/.gitignore"]) {
    if (existsSync(join(folder, name))) state[name] = readFileSync(join(folder, name), "utf8");
  }
  return state;
}

describe.skipIf(!dvc || !corpus || !existsSync(corpus))("the pipeline of the corpus", () => {
  const origin = join(home, "origin");
  if (corpus && existsSync(corpus)) {
    mkdirSync(origin);
    execFileSync("tar", ["-xzf", corpus, "-C", origin, "--strip-components=1"]);
  }

  function clone(name: string, revision: string): string {
    const folder = join(home, name);
    git(home, "clone", "-q", origin, folder);
    git(folder, "checkout", "-q", revision);
    // The data that was added; nothing of what stages made.
    for (const hash of ["56/2ee692a592790b08e880eff9046f72.dir"]) {
      const to = join(folder, ".dvc/cache/files/md5", hash);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(origin, ".dvc/cache/files/md5", hash), to);
    }
    cpSync(join(origin, "data/dir"), join(folder, "data/dir"), { recursive: true });
    return folder;
  }

  it.each(["HEAD~2", "HEAD~1", "HEAD"])("at %s, with its dvc.lock and without", async (revision) => {
    for (const withLock of [true, false]) {
      const [a, b] = [clone(`a${revision}${withLock}`, revision), clone(`b${revision}${withLock}`, revision)];
      if (!withLock) for (const folder of [a, b]) rmSync(join(folder, "dvc.lock"));
      await theirs(a);
      expect((await ours(b)).slice(0, 2)).toEqual(["prepare ran", "train ran"]);
      expect(stateOf(b)).toEqual(stateOf(a));
      expect(git(b, "status", "--porcelain")).toBe(git(a, "status", "--porcelain"));
      // Neither runs what the other ran; one stage runs always.
      expect(JSON.parse(await dvc!(b, "status", "--json"))).toEqual({ always: ["always changed"] });
      expect(stagesJson(await pipelineStatus(await openRepository(a)))).toEqual({ always: ["always changed"] });
      expect(await ours(a)).toEqual(["always ran"]);
      expect((await dvc!(b, "repro")).match(/Running stage/g)).toHaveLength(1);
    }
  });
});

/**
 * Parameters of all shapes. No floats of 16 digits with an exponent: where dvc edits a dvc.lock, it
 * writes those of other stages with another last digit.
 */
const value = fc.oneof(
  ...[fc.integer({ min: -5, max: 5 }), fc.constantFrom(0.1, 1.5, -2.25, 1e-7, 1e300), fc.boolean()],
  fc.constantFrom("a", "", "1.0", "yes", "null", "ü 日", "a: b", "0x1f", "-", "1e3", "~", "2001-01-01x"),
  fc.constantFrom([1, "a", [true]], { x: 1, size: 3, b: { nfiles: 1.5 } }, [], {}),
);
const pipeline = fc.record({
  shape: fc.constantFrom("chain", "diamond", "independent"),
  folders: fc.boolean(),
  uncachedMetric: fc.boolean(),
  params: fc.array(value, { minLength: 4, maxLength: 4 }),
  turns: fc.array(
    fc.record({
      change: fc.constantFrom("raw", "back", "param", "command", "output", "nothing"),
      stage: fc.nat({ max: 3 }),
      value,
    }),
    { minLength: 3, maxLength: 4 },
  ),
});

interface Files {
  raw: string;
  params: unknown[];
  commands: string[];
}

const needs = {
  chain: [["raw"], ["o0"], ["o1"], ["o2"]],
  diamond: [["raw"], ["o0"], ["o0"], ["o1", "o2"]],
  independent: [["raw"], ["raw"], ["raw"], ["raw"]],
} as const;

function write(folder: string, { raw, params, commands }: Files, { shape, folders, uncachedMetric }: Shape): void {
  const stages = commands.map((word, at) => {
    const deps = needs[shape][at]!;
    const inputs = deps.map((dep) => (dep === "raw" || !folders ? dep : `${dep}/x`)).join(" ");
    const make = folders ? `mkdir -p o${at} && cat ${inputs} > o${at}/x` : `cat ${inputs} > o${at}`;
    const metrics = uncachedMetric ? `\n    metrics:\n    - m${at}.json:\n        cache: false` : "";
    return `  s${at}:
    cmd:
    - ${make} && echo ${word}
    - echo ${at} > m${at}.json
    deps: [${deps.join(", ")}]
    params:
    - p${at}
    outs: [o${at}]${metrics}
`;
  });
  writeFileSync(join(folder, "dvc.yaml"), `stages:\n${stages.join("")}`);
  const lines = params.map((one, at) => `p${at}: ${JSON.stringify(one)}\n`);
  writeFileSync(join(folder, "params.yaml"), lines.join(""));
  writeFileSync(join(folder, "raw"), raw);
}

type Shape = { readonly shape: keyof typeof needs; readonly folders: boolean; readonly uncachedMetric: boolean };

describe.skipIf(!dvc)("generated pipelines", () => {
  let count = 0;

  it("over turns of changes, run by both tools in turn and by dvc alone, stay the same", async () => {
    await fc.assert(
      fc.asyncProperty(pipeline, async ({ turns, params, ...rest }) => {
        const shape = rest as Shape; // the generator gives these words alone
        const [alone, shared] = [join(home, `alone${++count}`), join(home, `shared${count}`)];
        for (const folder of [alone, shared]) {
          git(home, "init", "-q", folder);
          await dvc!(folder, "init", "-q");
        }
        const files: Files = { raw: "first\n", params, commands: ["one", "one", "one", "one"] };
        for (const [turn, { change, stage, value: changed }] of [{ change: "", stage: 0, value }, ...turns].entries()) {
          if (change === "raw") files.raw = `turn ${turn}\n`;
          if (change === "back") files.raw = "first\n";
          if (change === "param") files.params[stage] = changed;
          if (change === "command") files.commands[stage] = `turn ${turn}`;
          for (const folder of [alone, shared]) {
            write(folder, files, shape);
            if (change === "output") rmSync(join(folder, `o${stage}`), { recursive: true, force: true });
          }
          const wordsOfDvc = JSON.parse(await dvc!(shared, "status", "--json")) as unknown;
          expect(stagesJson(await pipelineStatus(await openRepository(shared)))).toEqual(wordsOfDvc);
          await theirs(alone);
          if (turn % 2 === 0) await ours(shared);
          else await theirs(shared);
          expect(stateOf(shared)).toEqual(stateOf(alone));
          expect(await dvc!(shared, "status")).toContain("up to date");
          expect(await ours(shared)).toEqual([]);
        }
      }),
      { numRuns, endOnFailure: true },
    );
  });
});
