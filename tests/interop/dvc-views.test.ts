/** Graph, metrics and parameters of pipelines: ours beside those of DVC. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { changesJson, valuesJson } from "../../src/cli/text/value-table-text.ts";
import { dagMermaid } from "../../src/pipeline/dag.ts";
import type { ValueTable } from "../../src/pipeline/metrics.ts";
import type { ParamMap, ParamValue } from "../../src/versioning/formats/param-value.ts";
import { pythonJson } from "../../src/versioning/formats/python-json.ts";
import { writeYaml } from "../../src/versioning/formats/yaml.ts";
import { openRepository } from "../../src/versioning/repo/open-repository.ts";
import {
  diffMetrics,
  diffParams,
  pipelineDag,
  pipelineMetrics,
  pipelineParams,
} from "../../src/wire/pipeline-views.ts";
import { findDvcFormats } from "../support/dvc-formats.ts";
import { git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const peer = await findDvcFormats("dvc-stages.py");
afterAll(() => peer?.close());
const numRuns = Number(process.env.RUNS ?? 40);
const data = process.env.PAWPRINT_TEST_DATA;
const corpus = data === undefined ? undefined : join(data, "dvc-corpus/06-pipeline.tar.gz");

async function dvc(...question: readonly unknown[]): Promise<unknown> {
  const [what, ...given] = question;
  const { value, error } = await peer!.ask(String(what), ...given); // the tests are skipped without it
  if (error !== undefined) throw new Error(error);
  return value;
}

/** What could be read, as dvc-stages.py gives it. */
function shown(values: ValueTable): unknown {
  const json = valuesJson(values) as Record<string, { data: Record<string, { data?: unknown }> }>; // its own form
  const rows = Object.entries(json[""]?.data ?? {}).flatMap(([file, one]) => ("data" in one ? [[file, one.data]] : []));
  return { "": Object.fromEntries(rows) };
}

const changed = (changes: Awaited<ReturnType<typeof diffMetrics>>): unknown =>
  JSON.parse(JSON.stringify(changesJson(changes.filter(({ isSame }) => !isSame))));

/** Names, and edges by names: which number a node has depends on the order in which files were found. */
function graphIn(mermaid: string): unknown {
  const names = new Map([...mermaid.matchAll(/^\s+(node\d+)\["(.*)"\]$/gm)].map(([, id, name]) => [id, name]));
  const edges = [...mermaid.matchAll(/^\s+(node\d+)-->(node\d+)$/gm)].map(([, a, b]) => [names.get(a), names.get(b)]);
  return { names: [...names.values()].sort(), edges: edges.map((edge) => edge.join(" -> ")).sort() };
}

async function compareAll(folder: string, before: string): Promise<void> {
  const repository = await openRepository(folder);
  expect(changed(await diffMetrics(repository, before)), "metrics diff").toEqual(
    await dvc("metrics", folder, before, "workspace"),
  );
  expect(changed(await diffParams(repository, before)), "params diff").toEqual(
    await dvc("params", folder, before, "workspace"),
  );
  expect(shown(await pipelineMetrics(repository)), "metrics show").toEqual(await dvc("metrics show", folder));
  expect(shown(await pipelineParams(repository)), "params show").toEqual(await dvc("params show", folder));
}

async function compareGraphs(folder: string): Promise<void> {
  const repository = await openRepository(folder);
  for (const outs of [false, true]) {
    const { nodes, edges } = await pipelineDag(repository, [], { folder, outs });
    const own = { nodes: [...nodes].sort(), edges: edges.map((edge) => edge.join(" -> ")).sort() };
    const theirs = (await dvc("dag", folder, outs)) as { nodes: string[]; edges: string[][] }; // its own form
    expect(own, outs ? "outputs" : "stages").toEqual({
      nodes: theirs.nodes.sort(),
      edges: theirs.edges.map((edge) => edge.join(" -> ")).sort(),
    });
  }
  const mermaid = dagMermaid(await pipelineDag(repository, [], { folder }));
  expect(graphIn(mermaid)).toEqual(graphIn(String(await dvc("mermaid", folder))));
}

describe.skipIf(!peer || !corpus || !existsSync(corpus))("the pipeline of the corpus", () => {
  const folder = temporaryFolder("dvc-views");
  if (corpus && existsSync(corpus)) execFileSync("tar", ["-xzf", corpus, "-C", folder, "--strip-components=1"]);

  it("has the same metrics, parameters and graph", async () => {
    await compareAll(folder, "HEAD~1");
    await compareAll(folder, "HEAD~2");
    await compareGraphs(folder);
  }, 60_000);
});

const names = ["a", "b", "c.d", "Ünï", "1", "with space"];
const leaf: fc.Arbitrary<ParamValue> = fc.oneof(
  fc.constantFrom<ParamValue>(0n, 1n, 2n, -3n, 0.5, 1, 1.5, 1e-7, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constantFrom<ParamValue>(true, false, null, "x", "", "it's", "é\n", "1"),
);
const value = fc.letrec<{ any: ParamValue }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("any"), { maxLength: 2 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), tie("any")), { maxLength: 3, selector: ([key]) => key })
      .map((pairs): ParamMap => new Map(pairs)),
  ),
})).any;
const mapping = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4, selector: ([key]) => key })
  .map((pairs): ParamMap => new Map(pairs));

const pipelineOfValues = `
stages:
  train:
    cmd: train
    params: [a, b, more.yaml: [a, b], "whole.json": ]
    metrics: [m.json: {cache: false}, one.json: {cache: false}, m.yaml: {cache: false}]
metrics: [top.json, gone.json]
params: [top.yaml]
`;

describe.skipIf(!peer)("metrics and parameters of generated files", () => {
  const folder = temporaryFolder("dvc-views");
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  if (peer) {
    git(folder, "init", "-q");
    write(".dvc/config", "");
    write(".dvc/.gitignore", "/tmp\n/cache\n");
    write("dvc.yaml", pipelineOfValues);
  }
  const version = fc.record({
    "m.json": mapping,
    // Of a file that is 0 alone, and where a number becomes a mapping, DVC shows nothing.
    "one.json": fc.constantFrom<ParamValue>(1n, 0.5, 2n, true),
    "m.yaml": mapping,
    "top.json": mapping,
    "params.yaml": mapping,
    "more.yaml": mapping,
    "whole.json": mapping,
    "top.yaml": mapping,
  });
  const writeAll = (files: Readonly<Record<string, ParamValue>>): void => {
    for (const [path, content] of Object.entries(files)) {
      write(path, path.endsWith(".json") ? pythonJson(content) : writeYaml(content));
    }
  };

  it("are those of DVC, and change as there", async () => {
    await fc.assert(
      fc.asyncProperty(version, version, async (before, after) => {
        writeAll(before);
        git(folder, "add", "--all");
        git(folder, "commit", "-q", "--allow-empty", "-m", "one");
        writeAll(after);
        await compareAll(folder, "HEAD");
      }),
      { numRuns, ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }) },
    );
  }, 600_000);
});

describe.skipIf(!peer)("graphs of generated pipelines", () => {
  it("are those of DVC", async () => {
    const part = fc.constantFrom("a", "b", "c", "d", "out", "out/x", "out/x/y", "data", "data/raw", "e f");
    const stage = fc.record({
      deps: fc.uniqueArray(part, { maxLength: 3 }),
      outs: fc.uniqueArray(part, { minLength: 1, maxLength: 2 }),
      wdir: fc.constantFrom(".", ".", "sub"),
    });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stage, { minLength: 1, maxLength: 5 }), async (stages) => {
        const folder = temporaryFolder("dvc-graph");
        mkdirSync(join(folder, ".dvc"));
        mkdirSync(join(folder, "sub"));
        writeFileSync(join(folder, ".dvc/config"), "[core]\n    no_scm = True\n");
        // Most of the stages make files of their own.
        const definitions = stages.map(({ deps, outs, wdir }, at): [string, ParamValue] => [
          `s${at}`,
          new Map<string, ParamValue>([
            ["cmd", "x"],
            ["wdir", wdir],
            ["deps", deps],
            ["outs", outs.map((path) => (path.length === 1 ? `${path}${at}` : path))],
          ]),
        ]);
        writeFileSync(join(folder, "dvc.yaml"), writeYaml(new Map([["stages", new Map(definitions)]])));
        writeFileSync(join(folder, "data.dvc"), "outs:\n- path: data\n");
        const { error } = await peer!.ask("graph", folder);
        const repository = await openRepository(folder);
        if (error !== undefined) {
          await expect(pipelineDag(repository, [], { folder }), error).rejects.toThrow();
        } else {
          compared += 1;
          await compareGraphs(folder);
        }
        rmSync(folder, { recursive: true });
      }),
      { numRuns: numRuns * 4, ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }) },
    );
    expect(compared).toBeGreaterThan(0);
  }, 600_000);
});
