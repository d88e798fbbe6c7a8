/** A DVC repository: a folder with `.dvc` in it, usually the top of a Git repository. */
import type { DvcConfig } from "../formats/dvc-config.ts";

export interface Repository {
  /** The folder that holds `.dvc`, absolute, without symbolic links. */
  readonly root: string;
  /** `<root>/.dvc`. */
  readonly dvcFolder: string;
  /** `<root>/.dvc/tmp`: locks and what is known of files; can be deleted. It exists. */
  readonly tempFolder: string;
  /** `.dvc/cache` unless configured; absolute. May be shared by several repositories. */
  readonly cacheFolder: string;
  readonly config: DvcConfig;
  /** False with `core.no_scm`: versions have no history. */
  readonly hasGit: boolean;
}
