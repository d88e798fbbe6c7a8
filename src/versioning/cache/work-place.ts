/** Where content is kept, and how it gets into files of the work tree. */
import { join } from "node:path";
import type { LinkType } from "../formats/dvc-config.ts";
import type { Repository } from "../repo/repository.ts";

/** What work on files needs; the same for all files of a batch. Threads are given it. */
export interface WorkPlace {
  /** `<cache>/files/md5`. */
  readonly objects: string;
  /** Where objects are written before they get their names; on the cache's file system. */
  readonly objectTemp: string;
  /** Where files of the work tree are written first. */
  readonly fileTemp: string;
  readonly linkTypes: readonly LinkType[];
  /** Of new objects: 0444, 0664 in a shared cache. */
  readonly objectMode: number;
}

export function workPlaceOf({ cacheFolder, tempFolder, config }: Repository): WorkPlace {
  return {
    objects: join(cacheFolder, "files", "md5"),
    objectTemp: join(cacheFolder, ".pawprint-tmp"),
    fileTemp: join(tempFolder, "pawprint", "files"),
    linkTypes: config.cache.linkTypes,
    objectMode: config.cache.isShared ? 0o664 : 0o444,
  };
}

export function objectIn({ objects }: WorkPlace, md5: string): string {
  return join(objects, md5.slice(0, 2), md5.slice(2));
}

/** Whether the work tree will hold links: then the cache has the only copy. */
export function linksBack({ linkTypes: [first] }: WorkPlace): boolean {
  return first === "hardlink" || first === "symlink";
}
