/** What `import-url` takes data from. */
import type { Progress } from "../../base/progress.ts";
import type { DvcDependency } from "../formats/dvc-file.ts";

export interface FetchOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly jobs?: number;
}

/** Data at one address, as it is at this moment. */
export interface ImportOrigin {
  /** What tells this version from others; undefined of a path of this machine, whose content does. */
  readonly version?: Omit<DvcDependency, "path">;
  /** Changes with the version: for names of unfinished downloads. */
  readonly versionKey: string;
  /**
   * Writes the file or the folder at `path`, which is not there. What a killed process left of the
   * same version is used. Errors: DOWNLOAD_FAILED, STORE_FAILED, SOURCE_CHANGED, FILE_WRITE_FAILED.
   */
  fetchTo(path: string, options: FetchOptions): Promise<void>;
  close(): Promise<void>;
}
