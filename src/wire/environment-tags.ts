/** Where and with what a run is made, as its tags. */
import { arch, cpus, release, type } from "node:os";
import { join } from "node:path";
import { sha256File } from "../base/hash.ts";
import { cpuLimit } from "../base/machine/cpu-limit.ts";
import { userName } from "../base/machine/user-name.ts";
import { readVersion } from "../base/version.ts";
import { engineVersion } from "../runtime/onnx-runtime.ts";
import type { GitState } from "./git-state.ts";

/** `source` is what made the run: `pawprint train`. No value of the environment is among them. */
export async function environmentTags(
  source: string,
  folder: string,
  git: GitState | undefined,
): Promise<ReadonlyMap<string, string>> {
  const lock = await lockFile(folder);
  return new Map([
    ["mlflow.user", userName()],
    ["mlflow.source.name", source],
    ["mlflow.source.type", "LOCAL"],
    ["pawprint.version", await readVersion()],
    ["pawprint.node_version", process.versions.node],
    ["pawprint.onnxruntime_version", engineVersion()],
    ["pawprint.system", `${type()} ${release()}, ${arch()}`],
    ["pawprint.processor", cpus()[0]?.model ?? "unknown"],
    ["pawprint.cores", String(cpuLimit())],
    ...(lock === undefined ? [] : [["pawprint.lock_file", lock] as const]),
    ...(git === undefined ? [] : gitTags(git)),
  ]);
}

function gitTags({ commit, branch, remote, isDirty }: GitState): readonly (readonly [string, string])[] {
  return [
    ["mlflow.source.git.commit", commit],
    ...(branch === undefined ? [] : [["mlflow.source.git.branch", branch] as const]),
    ...(remote === undefined ? [] : [["mlflow.source.git.repoURL", remote] as const]),
    ["pawprint.git_dirty", String(isDirty)],
  ];
}

/** What the commit does not hold, as files of the run. */
export function gitFiles(git: GitState | undefined): ReadonlyMap<string, Uint8Array> {
  const { diff = "", untracked = [], isDiffCut = false } = git ?? {};
  const files: readonly (readonly [string, string])[] = [
    ["git/diff.patch", isDiffCut ? `${diff}(cut: the differences are longer)\n` : diff],
    ["git/untracked.txt", untracked.map((name) => `${name}\n`).join("")],
  ];
  return new Map(files.flatMap(([path, text]) => (text === "" ? [] : [[path, Buffer.from(text, "utf8")] as const])));
}

/** The first that is there: its name and its hash. */
async function lockFile(folder: string): Promise<string | undefined> {
  for (const name of ["package-lock.json", "pnpm-lock.yaml", "yarn.lock"]) {
    const hash = await sha256File(join(folder, name)).catch(() => undefined);
    if (hash !== undefined) return `${name} sha256:${hash}`;
  }
  return undefined;
}
