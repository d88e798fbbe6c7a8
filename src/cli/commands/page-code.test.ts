import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../base/config/config.ts";
import { pawprintConfigSchema } from "../pawprint-config.ts";

interface Block {
  /** `docs/serving.md:12` */
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

/** What a page shows as code, and where it starts. */
function blocksOf(path: string): readonly Block[] {
  const page = readFileSync(path, "utf8");
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ index, 1: language = "", 2: code = "" }) => ({
    place: `${path}:${page.slice(0, index).split("\n").length}`,
    language,
    code,
  }));
}

const pages = ["README.md", ...readdirSync("docs").map((name) => join("docs", name))];
const blocks = pages.filter((path) => path.endsWith(".md")).flatMap(blocksOf);
const of = (...languages: readonly string[]): readonly Block[] =>
  blocks.filter(({ language }) => languages.includes(language));
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync("package.json", "utf8")).scripts;

/** What the projects that `pawprint init` makes have, and this repository does not. */
const ofNewProjects = Object.keys(JSON.parse(readFileSync("templates/project/package.json", "utf8")).scripts);

/** Undefined for what can be used as it stands. */
async function faultOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function faultsIn(found: readonly Block[], check: (block: Block) => unknown): Promise<readonly string[]> {
  const faults = await Promise.all(
    found.map(async (block) => {
      const fault = await faultOf(() => check(block));
      return fault === undefined ? [] : [`${block.place}: ${fault}`];
    }),
  );
  return faults.flat();
}

describe("code on pages", () => {
  it("is in a language that is checked here, or is plain text", () => {
    expect(of("bash", "sh").length).toBeGreaterThan(50);
    const known = ["bash", "sh", "js", "ts", "json", "yaml", "python", "text", ""];
    expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
  });

  it("is a shell's where it says so", async () => {
    const faults = await faultsIn(of("bash", "sh"), async ({ code }) => {
      const { stderr } = await promisify(execFile)("bash", ["-n", "-c", code]);
      if (stderr !== "") throw new Error(stderr);
    });
    expect(faults).toEqual([]);
  });

  it("names npm scripts that exist", async () => {
    const faults = await faultsIn(of("bash", "sh"), ({ code }) => {
      const named = [...code.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
      const missing = named.filter((name) => scripts[name] === undefined && !ofNewProjects.includes(name));
      if (missing.length > 0) throw new Error(`no such script: ${missing.join(", ")}`);
    });
    expect(faults).toEqual([]);
  });

  it("names files of the repository that exist", async () => {
    const faults = await faultsIn(of("bash", "sh"), ({ code }) => {
      // deployment/pawprint is what kubectl calls the Deployment.
      const named = [...code.matchAll(/(?<![\w./-])(?:scripts|deployment(?!\/pawprint\b)|bench|bin)\/[\w./-]*\w/g)].map(
        ([path]) => path,
      );
      const missing = named.filter((path) => !existsSync(path) && !existsSync(join("templates/project", path)));
      if (missing.length > 0) throw new Error(`no such file: ${missing.join(", ")}`);
    });
    expect(faults).toEqual([]);
  });

  it("compiles where it is JavaScript or TypeScript", async () => {
    const faults = await faultsIn(of("js", "ts"), ({ code }) => {
      const { diagnostics = [] } = ts.transpileModule(code, {
        reportDiagnostics: true,
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
      });
      if (diagnostics.length > 0) throw new Error(diagnostics.map(({ messageText }) => String(messageText)).join("; "));
    });
    expect(faults).toEqual([]);
  });

  it("is JSON where it says so", async () => {
    expect(await faultsIn(of("json"), ({ code }) => JSON.parse(code))).toEqual([]);
  });

  it("is YAML where it says so, and right where it is of pawprint.yaml", async () => {
    const sections = Object.keys(pawprintConfigSchema.properties);
    let configs = 0;
    const faults = await faultsIn(of("yaml"), ({ code }) => {
      const value: Readonly<Record<string, object>> = parse(code);
      // A stage of dvc.yaml may have the name of a section.
      const isConfig = Object.entries(value).every(([name, part]) => sections.includes(name) && !("cmd" in part));
      if (!isConfig) return;
      configs++;
      loadConfig({ schema: pawprintConfigSchema, fileText: code });
    });
    expect(faults).toEqual([]);
    expect(configs).toBeGreaterThan(2);
  });
});
