/** The part of a dataset's report that says what was found, and what to do about it. */
import {
  type Finding,
  type FindingKind,
  findingTable,
  type Inspection,
  type Severity,
} from "../../dataset/inspection/findings/findings.ts";
import { countOf, formatCount } from "../page/elements.ts";
import { type Html, html } from "../page/html.ts";
import type { PageEntry, PageSection } from "../page/page.ts";
import { galleryHtml, type KnownPictures } from "../page/picture-gallery.ts";
import { adviceFor, fixCommand, importCommand, isMovedByDefault } from "./finding-advice.ts";

/** All findings of one kind. */
export interface KindFindings {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly findings: readonly Finding[];
}

/**
 * Findings by kind, in the order of the table, which begins with the errors; kinds that were not
 * found are left out.
 */
export function groupByKind(findings: readonly Finding[]): readonly KindFindings[] {
  const kinds = Object.keys(findingTable) as FindingKind[]; // the keys of a constant are its kinds
  const groups = kinds.map((kind) => ({
    kind,
    severity: findingTable[kind].severity,
    findings: findings.filter((finding) => finding.kind === kind),
  }));
  return groups.filter((group) => group.findings.length > 0);
}

/** Undefined where nothing was found. */
export function findingsSection(inspection: Inspection, known: KnownPictures): PageSection | undefined {
  const groups = groupByKind(inspection.findings);
  if (groups.length === 0) return undefined;
  return {
    id: "findings",
    title: "Findings",
    body: html`${overviewTable(groups)}
${wayOut(inspection)}
${groups.map((group) => kindHtml(group, inspection.source, known))}`,
    entries: groups.map(
      ({ kind, findings }): PageEntry => ({
        id: anchorOf(kind),
        title: findingTable[kind].title,
        aside: formatCount(findings.length),
      }),
    ),
  };
}

function anchorOf(kind: FindingKind): string {
  return `finding-${kind}`;
}

function overviewTable(groups: readonly KindFindings[]): Html {
  return html`<div class="scroll"><table>
<thead><tr><th>Severity</th><th>Kind</th><th class="number">Findings</th><th class="number">Pictures</th></tr></thead>
<tbody>${groups.map(
    ({
      kind,
      severity,
      findings,
    }) => html`<tr><td>${badge(severity)}</td><th scope="row"><a href="#${anchorOf(kind)}">${
      findingTable[kind].title
    }</a></th><td class="number">${formatCount(findings.length)}</td><td class="number">${pictureCount(findings) || "–"}</td></tr>
`,
  )}</tbody></table></div>`;
}

/**
 * How many pictures one command sets aside, and what must come before it; nothing where it would
 * move none.
 */
function wayOut({ findings, source }: Inspection): Html | undefined {
  const fixed = findings.filter(({ kind }) => isMovedByDefault(kind));
  const moved = new Set(fixed.flatMap(({ offenders }) => offenders)).size;
  if (moved === 0) return undefined;
  const first = importCommand(source);
  return html`<div><p>${
    first === undefined ? "One command moves" : "Import the source into a folder first; then one command moves"
  } ${countOf(moved, "picture")} into quarantine, from where they can be put back:</p>${
    first !== undefined && html`<code class="command">${first}</code>`
  }<code class="command">${fixCommand(source)}</code></div>`;
}

function kindHtml(
  { kind, severity, findings }: KindFindings,
  source: Inspection["source"],
  known: KnownPictures,
): Html {
  const { title, meaning } = findingTable[kind];
  const { text, command } = adviceFor(kind, source);
  return html`<article class="finding" id="${anchorOf(kind)}">
<header><h3>${capitalised(title)}</h3>${badge(severity)}<span class="muted small">${countText(findings)}</span></header>
<p>${capitalised(meaning)}.</p>
${galleryHtml(findings, known)}
<div><p><b>What to do.</b> ${text}</p>${command !== undefined && html`<code class="command">${command}</code>`}</div>
</article>
`;
}

function badge(severity: Severity): Html {
  return html`<span class="badge ${severity}">${severity}</span>`;
}

/** `8 groups, 17 pictures`, `3 pictures`, `2 findings`. */
function countText(findings: readonly Finding[]): string {
  const pictures = pictureCount(findings);
  if (pictures === 0) return countOf(findings.length, "finding");
  const isGroups = findings.some(({ ids }) => ids.length > 1);
  return `${isGroups ? `${countOf(findings.length, "group")}, ` : ""}${countOf(pictures, "picture")}`;
}

function pictureCount(findings: readonly Finding[]): number {
  return new Set(findings.flatMap(({ ids }) => ids)).size;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
