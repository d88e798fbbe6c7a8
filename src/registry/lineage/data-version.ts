/** The version of data that DVC knows: the `.dvc` file beside it, or the `dvc.lock` above it. */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { parse } from "yaml";
import { readBytes } from "../../base/files/read-file.ts";
import { isS3Address } from "../../storage/s3-address.ts";

export interface DataVersion {
  /** The file that says it, as a path. */
  readonly file: string;
  /** The data's path as that file gives it. */
  readonly path: string;
  /** As it is there now; of a folder it ends in `.dir`. */
  readonly md5: string;
}

const largestBytes = 1 << 20;
/** Folders above the data in which a `dvc.lock` is looked for. */
const mostLevels = 8;

/** Undefined where there is none, or none that can be read. */
export async function findDataVersion(source: string, folder = "."): Promise<DataVersion | undefined> {
  if (isS3Address(source)) return undefined;
  const data = resolve(folder, source);
  const own = outputsIn(await readYaml(`${data}.dvc`)).find(({ path }) => path === basename(data));
  if (own !== undefined) return { file: `${source.replace(/[\\/]+$/, "")}.dvc`, ...own };
  let above = dirname(data);
  for (let level = 0; level < mostLevels; level++) {
    const path = relative(above, data).split(sep).join("/");
    const lock = await readYaml(join(above, "dvc.lock"));
    const found = outputsInStages(lock).find((output) => output.path === path);
    if (found) return { file: relative(resolve(folder), join(above, "dvc.lock")) || "dvc.lock", ...found };
    if (dirname(above) === above) break;
    above = dirname(above);
  }
  return undefined;
}

type Output = Omit<DataVersion, "file">;

function outputsInStages(lock: unknown): readonly Output[] {
  const stages = isObject(lock) ? lock.stages : undefined;
  return isObject(stages) ? Object.values(stages).flatMap(outputsIn) : [];
}

function outputsIn(value: unknown): readonly Output[] {
  const outs = isObject(value) && Array.isArray(value.outs) ? value.outs : [];
  return outs.flatMap((out: unknown) => {
    if (!isObject(out) || typeof out.path !== "string" || typeof out.md5 !== "string") return [];
    return /^[0-9a-f]{32}(\.dir)?$/.test(out.md5) ? [{ path: out.path, md5: out.md5 }] : [];
  });
}

async function readYaml(path: string): Promise<unknown> {
  try {
    const text = (await readBytes(path, path, largestBytes)).toString("utf8");
    // No number is wanted: a hash such as 1e34... is one in YAML.
    return parse(text, { schema: "failsafe", maxAliasCount: 0, logLevel: "silent" });
  } catch {
    return undefined; // a link in the chain, where there is one
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
