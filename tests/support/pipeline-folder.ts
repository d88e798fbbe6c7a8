/** A repository with a pipeline, as tests of stages need it. */
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createLogger } from "../../src/base/logger.ts";
import { type ReproOptions, type ReproReport, repro } from "../../src/pipeline/repro.ts";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import type { Repository } from "../../src/versioning/repo/repository.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface PipelineFolder {
  readonly repository: Repository;
  readonly folder: string;
  /** What commands printed, and what was told, since the last call of `repro`. */
  readonly printed: () => string;
  readonly told: readonly string[];
  write(path: string, text: string): Promise<void>;
  /** Undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  repro(targets?: readonly string[], options?: ReproOptions): Promise<ReproReport>;
  /** How each stage ended: `train ran`. */
  ends(targets?: readonly string[], options?: ReproOptions): Promise<readonly string[]>;
}

/** Files by path. `git` makes a Git repository around it. */
export async function pipelineFolder(
  files: Readonly<Record<string, string>>,
  { git = false }: { readonly git?: boolean } = {},
): Promise<PipelineFolder> {
  const folder = temporaryFolder("pipeline");
  if (git) execFileSync("git", ["init", "--quiet", folder]);
  const repository = await initRepository(folder, { noScm: !git });
  const root = repository.root;
  let chunks: Buffer[] = [];
  const told: string[] = [];
  const made: PipelineFolder = {
    repository,
    folder: root,
    printed: () => Buffer.concat(chunks).toString("utf8"),
    told,
    async write(path, text) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
    read: (path) => readFile(join(root, path), "utf8").catch(() => undefined),
    repro(targets, options) {
      chunks = [];
      told.length = 0;
      return repro(repository, targets, {
        env: { PATH: process.env.PATH, SHELL: "/bin/sh" },
        output: () => (chunk) => void chunks.push(Buffer.from(chunk)),
        logger: createLogger((_, message) => told.push(message)),
        ...options,
      });
    },
    async ends(targets, options) {
      return (await made.repro(targets, options)).nodes.map(({ name, end }) => `${name} ${end}`);
    },
  };
  for (const [path, text] of Object.entries(files)) await made.write(path, text);
  return made;
}
