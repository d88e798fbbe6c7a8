/**
 * The package as npm packs it, in a project of its own that holds the dependencies a user gets, and
 * neither ours for development nor the optional ones.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));
const manifest = await readJson(join(root, "package.json"));
const entries = Object.keys(manifest.exports).filter((name) => name !== "./package.json");

const project = temporaryFolder("consumer");
const installed = join(project, "node_modules", "pawprint");
let tarball = "";
let files: readonly string[] = [];

beforeAll(async () => {
  const line = ["pack", "--json", "--ignore-scripts=false", "--pack-destination", project];
  await execute("npm", line, { cwd: root, shell: process.platform === "win32" });
  tarball = join(project, (await readdir(project)).find((name) => name.endsWith(".tgz"))!);
  await mkdir(installed, { recursive: true });
  await execute("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  await linkDependencies(await readJson(join(root, "package-lock.json")));
  await cp(join(import.meta.dirname, "consumer"), join(project, "src"), { recursive: true });
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "consumer", type: "module" }));
});

/** What `npm install` of the tarball would bring, and the types of Node.js. */
async function linkDependencies({ packages }: { packages: Record<string, Record<string, unknown>> }): Promise<void> {
  const wanted = Object.entries(packages).filter(([path, { dev, devOptional, peer }]) => {
    const isTop = path.lastIndexOf("node_modules/") === 0;
    return isTop && (path === "node_modules/@types/node" || (!dev && !devOptional && !peer));
  });
  for (const [path] of wanted) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await symlink(join(root, path), join(project, path), "junction");
  }
}

const node = (...line: string[]) => execute(process.execPath, line, { cwd: project });

describe("the tarball", () => {
  it("holds the build, its declarations and what the README links to, and nothing else", async () => {
    const readme = await readFile(join(installed, "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
    const targets = Object.values<{ types: string; default: string }>(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : [target.types, target.default],
    );
    for (const path of [...links, ...targets, manifest.bin.pawprint, "dist/web/index.html", "LICENSE"]) {
      expect(files, path).toContain(path.replace(/^\.\//, ""));
    }
    const kinds =
      /^(dist\/.+\.(d\.ts|js|mjs|css|html|svg)|dist\/pawprint\.schema\.json|(templates\/project|deployment|\.github)\/.+|scripts\/[a-z-]+\.sh|bin\/pawprint\.mjs|docs\/.+\.(md|png|svg|ya?ml)|[A-Z]+(\.md)?|package\.json)$/;
    expect(files.filter((path) => !kinds.test(path))).toEqual([]);
    expect(files.filter((path) => /^(?!templates\/|deployment\/).*(\.test\.|\.map$|tsbuildinfo)/.test(path))).toEqual(
      [],
    );
  });

  it("is small", async () => {
    expect((await stat(tarball)).size).toBeLessThan(2_000_000);
    const sizes = await Promise.all(files.map(async (path) => (await stat(join(installed, path))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_500_000);
  });

  it("is sound to publint", async () => {
    const bytes = await readFile(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

describe("a project that installed it", () => {
  it.each([
    [
      "NodeNext",
      { module: "NodeNext", moduleResolution: "NodeNext", lib: ["ES2023"], types: ["node"] },
      ["train-and-serve"],
    ],
    [
      "Bundler",
      { module: "ESNext", moduleResolution: "Bundler", lib: ["ES2023"], types: ["node"] },
      ["train-and-serve"],
    ],
    ["a browser's", { module: "ESNext", moduleResolution: "Bundler", lib: ["ES2023", "DOM"], types: [] }, ["page"]],
  ])("compiles under %s resolution, the declarations checked too", async (name, options, sources) => {
    const path = join(project, `tsconfig.${name.slice(0, 4)}.json`);
    const compilerOptions = { ...options, target: "ES2022", strict: true, skipLibCheck: false, noEmit: true };
    await writeFile(path, JSON.stringify({ compilerOptions, files: sources.map((source) => `src/${source}.ts`) }));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await node(compiler, "-p", path).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it.each(entries)("imports %s without the optional packages", async (entry) => {
    const name = entry.replace(".", "pawprint");
    const code = `const names = Object.keys(await import(${JSON.stringify(name)})); process.stdout.write(String(names.length));`;
    const { stdout, stderr } = await node("--input-type=module", "-e", code);
    expect(Number(stdout)).toBeGreaterThan(1);
    expect(stderr).toBe("");
  });

  it.each(entries)("requires %s from CommonJS", async (entry) => {
    const name = entry.replace(".", "pawprint");
    const code = `process.stdout.write(String(Object.keys(require(${JSON.stringify(name)})).length));`;
    const { stdout, stderr } = await node("--input-type=commonjs", "-e", code);
    expect(Number(stdout)).toBeGreaterThan(1);
    expect(stderr).toBe("");
  });

  it("reaches package.json and no module that is not an entry point", async () => {
    const resolveOf = (name: string) =>
      node("--input-type=module", "-e", `import.meta.resolve(${JSON.stringify(name)})`);
    await resolveOf("pawprint/package.json");
    await expect(resolveOf("pawprint/dist/base/errors.js")).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("runs the command", async () => {
    const { stdout } = await node(join(installed, manifest.bin.pawprint), "--version");
    expect(stdout).toContain(manifest.version);
  });

  it("bundles the client for browsers, with no module of Node.js in it", async () => {
    const { outputFiles, metafile } = await build({
      absWorkingDir: project,
      entryPoints: ["src/page.ts"],
      bundle: true,
      minify: true,
      platform: "browser",
      format: "esm",
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    expect(imports.filter((path) => isBuiltin(path))).toEqual([]);
    expect(outputFiles[0]!.contents.length).toBeLessThan(120_000);
  });
});
