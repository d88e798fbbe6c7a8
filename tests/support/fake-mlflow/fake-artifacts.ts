/** Artifacts of the fake server, in memory: `mlflow-artifacts` and the lists of runs and models. */
import { doesNotExist, invalidValue } from "./refusal.ts";

export class FakeArtifacts {
  readonly files = new Map<string, Buffer>();

  read(path: string): Buffer {
    const found = this.files.get(safe(path));
    if (found === undefined) throw doesNotExist(`No such artifact: '${path}'`);
    return found;
  }

  write(path: string, content: Buffer): void {
    this.files.set(safe(path), content);
  }

  delete(path: string): void {
    for (const name of this.files.keys()) if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }

  /** The entries of a folder, named from `root`. */
  list(root: string, folder: string | undefined): object[] {
    const start = folder === undefined || folder === "" ? `${root}/` : `${root}/${safe(folder)}/`;
    const entries = new Map<string, object>();
    for (const [name, content] of this.files) {
      if (!name.startsWith(start)) continue;
      const [first = "", ...rest] = name.slice(start.length).split("/");
      const path = `${start}${first}`.slice(root.length + 1);
      entries.set(path, rest.length > 0 ? { path, is_dir: true } : { path, is_dir: false, file_size: content.length });
    }
    return [...entries.values()];
  }
}

/** MLflow's validate_path_is_safe. */
function safe(path: string): string {
  const parts = path.split("/");
  if (path.includes("#") || path.startsWith("/") || path.includes("\\") || parts.includes(".."))
    throw invalidValue("Invalid path");
  return path;
}
