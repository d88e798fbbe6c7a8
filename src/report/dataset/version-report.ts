/** The page of `pawprint data diff`: what changed between two data versions, as a contact sheet. */
import type { PictureChanges } from "../../dataset/version-changes.ts";
import type { DataDiff } from "../../versioning/workspace/diff.ts";
import { stackedBarChart } from "../charts/bar-chart.ts";
import { chartHtml, countOf, formatCount, type Tile, tilesHtml } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import { galleryHtml, type ShownFinding } from "../page/picture-gallery.ts";

export interface VersionReportOptions {
  /**
   * JPEG bytes by path from the repository's root: of files that are gone as they were, of all others
   * as they are.
   */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. */
export async function renderVersionReport(
  diff: DataDiff,
  changes: PictureChanges,
  { thumbnails, version, now }: VersionReportOptions,
): Promise<string> {
  const moved = new Set(changes.relabelled.map((picture) => picture.new));
  const isFile = (path: string): boolean => !path.endsWith("/");
  const plain = (paths: readonly string[]): readonly ShownFinding[] =>
    paths.filter(isFile).map((path) => ({ ids: [path], offenders: [], detail: "" }));
  const gallery = (id: string, title: string, findings: readonly ShownFinding[]): PageSection | undefined =>
    findings.length === 0
      ? undefined
      : {
          id,
          title,
          body: html`<p>${countOf(findings.length, "file")}</p>${galleryHtml(findings, { facts: new Map(), thumbnails })}`,
        };
  const sections: readonly (PageSection | undefined)[] = [
    { id: "overview", title: "Overview", body: tilesHtml(tilesOf(diff, changes)) },
    await classesSection(changes),
    gallery(
      "relabelled",
      "Relabelled",
      changes.relabelled.map(({ new: now, from, to }) => ({ ids: [now], offenders: [], detail: `${from} → ${to}` })),
    ),
    gallery("added", "Added", plain(diff.added)),
    gallery("removed", "Removed", plain(diff.deleted)),
    gallery("modified", "Modified", plain(diff.modified)),
    gallery(
      "renamed",
      "Renamed",
      diff.renamed
        .filter((file) => isFile(file.new) && !moved.has(file.new))
        .map(({ old, new: now }) => ({ ids: [now], offenders: [], detail: `was ${old}` })),
    ),
    unknownSection(diff),
  ];
  return renderPage({
    title: "Data versions",
    headline: html`${verdict(diff, changes)}`,
    lead: html`<p>From ${nameHtml(diff.before, 80)} to ${nameHtml(diff.after, 80)}.</p>`,
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

function tilesOf({ added, deleted, modified, ...diff }: DataDiff, { relabelled }: PictureChanges): readonly Tile[] {
  const files = (paths: readonly string[]): number => paths.filter((path) => !path.endsWith("/")).length;
  const renamed = files(diff.renamed.map((file) => file.new));
  return [
    { title: "Added", value: formatCount(files(added)) },
    { title: "Removed", value: formatCount(files(deleted)) },
    { title: "Modified", value: formatCount(files(modified)) },
    { title: "Relabelled", value: formatCount(relabelled.length) },
    { title: "Renamed", value: formatCount(renamed - relabelled.length) },
  ];
}

/** In one sentence. */
export function verdict({ added, deleted, modified, renamed }: DataDiff, { relabelled }: PictureChanges): string {
  const files = (paths: readonly string[]): number => paths.filter((path) => !path.endsWith("/")).length;
  const parts = [
    [files(added), "added"],
    [files(deleted), "removed"],
    [files(modified), "modified"],
    [relabelled.length, "relabelled"],
    [files(renamed.map((file) => file.new)) - relabelled.length, "renamed"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  return said.length === 0 ? "The files are the same" : `${said.join(", ")}`;
}

const shownClasses = 30;

async function classesSection({ classes }: PictureChanges): Promise<PageSection | undefined> {
  if (classes.length === 0) return undefined;
  const outputs = new Set(classes.map(({ output }) => output));
  const nameOf = ({ output, label }: (typeof classes)[number]): string =>
    outputs.size > 1 ? `${output}: ${label}` : label;
  const changed = classes.filter(({ before, after }) => before !== after);
  const rows = classes.map((row) => {
    const difference = row.after - row.before;
    const sign = difference > 0 ? "+" : "";
    return html`<tr><th scope="row">${nameHtml(nameOf(row), 60)}</th><td class="number">${formatCount(row.before)}</td><td class="number">${formatCount(row.after)}</td><td class="number">${difference === 0 ? "" : `${sign}${formatCount(difference)}`}</td></tr>
`;
  });
  const table = html`<div class="scroll"><table>
<thead><tr><th>Class</th><th class="number">Before</th><th class="number">After</th><th class="number">Change</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
  const parts = classes.slice(0, shownClasses).flatMap((row) => [
    { label: nameOf(row), series: "kept", value: Math.min(row.before, row.after) },
    { label: nameOf(row), series: "more", value: Math.max(0, row.after - row.before) },
    { label: nameOf(row), series: "fewer", value: Math.max(0, row.before - row.after) },
  ]);
  const description = `${countOf(changed.length, "class", "classes")} with another number of pictures`;
  const chart: Html = await chartHtml(
    "Pictures of each class",
    stackedBarChart({ description, parts, valueTitle: "pictures" }),
  );
  return { id: "classes", title: "Classes", body: html`${chart}${table}` };
}

function unknownSection({ notInCache }: DataDiff): PageSection | undefined {
  if (notInCache.length === 0) return undefined;
  return {
    id: "unknown",
    title: "Not compared file by file",
    body: html`<p>The cache does not have the list of files of these; <code>data fetch</code> brings it.</p>
<ul class="files">${notInCache.map((path) => html`<li>${nameHtml(path)}</li>`)}</ul>`,
  };
}
