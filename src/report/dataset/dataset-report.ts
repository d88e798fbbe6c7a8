/**
 * The report of `pawprint data check`: one HTML file about a dataset's pictures and their faults.
 */
import { formatBytes, formatDuration } from "../../base/quantity.ts";
import { findingTable, type Inspection, type Severity } from "../../dataset/inspection/findings/findings.ts";
import { summarizePictures } from "../../dataset/inspection/statistics.ts";
import { countOf, formatCount, listText, type Tile, tilesHtml } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import { nameHtml } from "../page/name-html.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import { classesSection } from "./classes.ts";
import { distributionsSection } from "./distributions.ts";
import { findingsSection, groupByKind } from "./findings.ts";

export interface DatasetReportOptions {
  /**
   * JPEG bytes by picture id, as `makeThumbnails` gives them; pictures without one get a
   * placeholder.
   */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. The same inspection gives the same text. */
export async function renderDatasetReport(
  inspection: Inspection,
  { thumbnails, version, now }: DatasetReportOptions,
): Promise<string> {
  const facts = new Map(inspection.facts.map((picture) => [picture.id, picture]));
  const sections: readonly (PageSection | undefined)[] = [
    { id: "overview", title: "Overview", body: tilesHtml(keyFigures(inspection)) },
    findingsSection(inspection, { facts, thumbnails }),
    classesSection(inspection),
    await distributionsSection(inspection),
  ];
  return renderPage({
    title: "Dataset check",
    headline: html`${verdict(inspection)}`,
    lead: sourceHtml(inspection),
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}

const shownKinds = 3;

/** One sentence: how much of what was found in how many pictures. */
export function verdict({ findings, pictures }: Pick<Inspection, "findings" | "pictures">): string {
  const among = countOf(pictures, "picture");
  const groups = groupByKind(findings);
  const count = (severity: Severity): number =>
    groups.filter((group) => group.severity === severity).reduce((sum, { findings }) => sum + findings.length, 0);
  const [errors, warnings, notes] = [count("error"), count("warning"), count("note")];
  if (pictures === 0 && groups.length === 0) return "There are no pictures here";
  if (groups.length === 0) return `Nothing is wrong with ${among}`;
  if (errors + warnings === 0) return `Nothing is wrong with ${among}; ${countOf(notes, "thing")} to know`;

  const counted = [errors > 0 && countOf(errors, "error"), warnings > 0 && countOf(warnings, "warning")];
  const commonest = (of: Severity) =>
    groups.filter(({ severity }) => severity === of).sort((a, b) => b.findings.length - a.findings.length);
  const serious = [...commonest("error"), ...commonest("warning")];
  const named = serious
    .slice(0, shownKinds)
    .map(({ kind, findings }) => `${findingTable[kind].title} (${formatCount(findings.length)})`);
  const others = serious.length - named.length;
  const kinds = [...named, ...(others > 0 ? [countOf(others, "other kind")] : [])];
  return `${listText(counted.filter((text) => text !== false))} in ${among}: ${listText(kinds)}`;
}

function sourceHtml({ source, durationMs }: Inspection): Html {
  return html`<p>${nameHtml(source.location, 160)}, ${sourceNames[source.kind]}, checked in ${formatDuration(durationMs)}.</p>`;
}

const sourceNames: Readonly<Record<Inspection["source"]["kind"], string>> = {
  folder: "a folder",
  archive: "an archive",
  idx: "idx files",
  cifar: "CIFAR files",
  manifest: "a manifest",
  s3: "an S3 prefix",
  version: "a data version",
};

function keyFigures(inspection: Inspection): readonly Tile[] {
  const { sizes, unreadable } = summarizePictures(inspection.facts);
  return [
    { title: "pictures", value: formatCount(inspection.pictures) },
    { title: inspection.classes.length === 1 ? "class" : "classes", value: formatCount(inspection.classes.length) },
    { title: "in all", value: formatBytes(inspection.sizeBytes) },
    ...(sizes
      ? [
          { title: "typical size, pixels", value: `${sizes.width.median} × ${sizes.height.median}` },
          { title: "typical file", value: formatBytes(sizes.bytes.median) },
        ]
      : []),
    ...(unreadable > 0 ? [{ title: "cannot be decoded", value: formatCount(unreadable) }] : []),
  ];
}
