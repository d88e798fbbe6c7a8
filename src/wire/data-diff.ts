/** What changed between two data versions, for labelled pictures too, and its page. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { silentProgress } from "../base/progress.ts";
import { readOptions } from "../base/schema/options.ts";
import { readVersion } from "../base/version.ts";
import { makeThumbnail } from "../dataset/inspection/scan/thumbnails.ts";
import { type PictureChanges, pictureChanges } from "../dataset/version-changes.ts";
import { forEachInParallel } from "../image/in-parallel.ts";
import { renderVersionReport } from "../report/dataset/version-report.ts";
import { objectPath } from "../versioning/cache/object-cache.ts";
import type { DataHash } from "../versioning/data-hash.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import * as diffs from "../versioning/workspace/diff.ts";
import type { VersionReportOptions } from "./options/versioning-options.ts";
import * as options from "./options/versioning-options.ts";

export interface VersionDiff extends diffs.DataDiff, PictureChanges {}

/** See `diffData` in `versioning/workspace/diff.ts`; with labels, as a source tells them. */
export async function diffData(
  repository: Repository,
  before?: string,
  after?: string,
  given?: diffs.DiffOptions,
): Promise<VersionDiff> {
  const diff = await diffs.diffData(repository, before, after, readOptions(options.diffOptions, given, "diffData"));
  return { ...diff, ...pictureChanges(diff) };
}

/** Small pictures of one kind of change. */
const shownPerKind = 60;
const sidePx = 112;

/**
 * A whole HTML document. Pictures come from the cache and the work tree; those of neither have a
 * placeholder. Errors: INTERRUPTED.
 */
export async function renderVersionDiff(
  repository: Repository,
  diff: VersionDiff,
  given: VersionReportOptions = {},
): Promise<string> {
  const {
    now = new Date(),
    progress = silentProgress,
    signal,
  } = readOptions<VersionReportOptions>(options.versionReportOptions, given, "renderVersionDiff");
  const wanted = [
    ...diff.relabelled.slice(0, shownPerKind).map((picture) => picture.new),
    ...[diff.added, diff.deleted, diff.modified].flatMap((paths) =>
      paths.filter((path) => !path.endsWith("/")).slice(0, shownPerKind),
    ),
    ...diff.renamed
      .map((file) => file.new)
      .filter((path) => !path.endsWith("/"))
      .slice(0, shownPerKind),
  ];
  const hashes = hashesOf(diff);
  const thumbnails = new Map<string, Uint8Array>();
  const task = progress.start({ label: "thumbnails", total: wanted.length, unit: "pictures" });
  const make = async (path: string): Promise<void> => {
    const bytes = async (): Promise<Uint8Array> => {
      const hash = hashes.get(path);
      const cached = hash && (await readFile(objectPath(repository, hash)).catch(() => undefined));
      return cached ?? readFile(join(repository.root, path)).catch(() => new Uint8Array());
    };
    const sample = { id: path, label: "", stamp: "", sizeBytes: 0, bytes };
    const thumbnail = await makeThumbnail(sample, sidePx);
    if (thumbnail !== undefined) thumbnails.set(path, thumbnail);
    task.advance();
  };
  await forEachInParallel([...new Set(wanted)], make, { signal, sizeOf: () => 0 });
  task.done();
  return renderVersionReport(diff, diff, { thumbnails, version: await readVersion(), now });
}

/** Of files that are gone as they were, of all others as they are. */
function hashesOf({ outputs }: diffs.DataDiff): ReadonlyMap<string, DataHash> {
  const rows = (name: "before" | "after") =>
    outputs.flatMap(({ path, [name]: side }) =>
      (side?.files ?? []).map(
        (file) =>
          [
            file.path === "" ? path : `${path}/${file.path}`,
            { md5: file.md5, algorithm: side!.algorithm }, // it has the file
          ] as const,
      ),
    );
  return new Map([...rows("before"), ...rows("after")]);
}
