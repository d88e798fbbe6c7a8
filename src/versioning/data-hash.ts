/** How DVC names content: by MD5, of a folder by the MD5 of its list of files. */

export interface DataHash {
  /** 32 lower-case hexadecimal digits; of a folder followed by `.dir`. */
  readonly md5: string;
  /**
   * `md5-dos2unix`, of DVC 2: text files are hashed with CR LF as LF. Such entries are read, and
   * never written.
   */
  readonly algorithm: "md5" | "md5-dos2unix";
}

/** Whether the content is a folder. */
export function isFolderHash({ md5 }: DataHash): boolean {
  return md5.endsWith(".dir");
}

export function isSameHash(a: DataHash | undefined, b: DataHash | undefined): boolean {
  return a?.md5 === b?.md5 && a?.algorithm === b?.algorithm;
}

/** The object's key below the cache and below a remote alike: `files/md5/de/7371b0...`. */
export function objectKeyOf({ md5, algorithm }: DataHash): string {
  const key = `${md5.slice(0, 2)}/${md5.slice(2)}`;
  return algorithm === "md5" ? `files/md5/${key}` : key;
}

/** A file of a folder that is data. */
export interface TreeFile {
  /** 32 lower-case hexadecimal digits. */
  readonly md5: string;
  /** From the folder, with forward slashes. */
  readonly path: string;
}

/** What a row of `outs` or `deps` says of content, in `.dvc` files and in `dvc.lock`. */
export interface DataEntry {
  /** As the file gives it: from the file's folder (from the stage's `wdir`), absolute, or a URL. */
  readonly path: string;
  /** Absent before the first commit of an output. */
  readonly hash?: DataHash;
  readonly sizeBytes?: number;
  /** Of a folder. */
  readonly fileCount?: number;
  /** Of a single file. */
  readonly isExecutable?: boolean;
}
