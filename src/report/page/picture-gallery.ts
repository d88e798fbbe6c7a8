/** Pictures beside each other with what is known of them; the rest as lists of names. */

import { shortenText, visibleText } from "../../base/visible-text.ts";
import type { Finding, PictureFacts } from "../../dataset/inspection/findings/findings.ts";
import { formatCount } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { nameHtml } from "./name-html.ts";
import { altText, thumbnailHtml } from "./thumbnail.ts";

/** What is known of the pictures that findings name. */
export interface KnownPictures {
  readonly facts: ReadonlyMap<string, PictureFacts>;
  /** JPEG bytes by id. */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
}

/** As much of a finding as is shown. */
export type ShownFinding = Pick<Finding, "ids" | "offenders" | "detail">;

/** At most so many pictures of one kind, and of one group, are shown; and so many further names. */
const shownPerKind = 24;
const shownPerGroup = 6;
const listedPerKind = 300;
/** Longer names are cut in the middle under a picture. */
const shownNameLength = 44;
const shownLabelLength = 20;
/** Where there is nothing to look at, the first so many findings are lines. */
const linesPerKind = 8;

/**
 * The findings of one kind: the first ones as pictures (as lines where none has a picture), the
 * others folded.
 */
export function galleryHtml(findings: readonly ShownFinding[], known: KnownPictures): Html {
  const shown = firstWithin(findings, shownPerKind);
  const hasPictures = shown.some(({ ids }) => ids.some((id) => known.thumbnails.has(id)));
  if (!hasPictures) {
    const lines = findings.slice(0, linesPerKind);
    return html`<ul class="files">${lines.map(lineHtml)}</ul>${foldedHtml(findings.slice(lines.length))}`;
  }
  const isGroups = shown.some(({ ids }) => ids.length > 1);
  return html`<div class="gallery">${shown.map((finding) =>
    isGroups
      ? groupHtml(finding, known)
      : pictureHtml(finding.ids[0]!, html`<span class="clamp">${shownDetail(finding.detail)}</span>`, known),
  )}</div>${foldedHtml(findings.slice(shown.length))}`;
}

/**
 * The first findings whose pictures, no more than `shownPerGroup` of each, are at most so many; one
 * at least.
 */
function firstWithin(findings: readonly ShownFinding[], pictures: number): readonly ShownFinding[] {
  let left = pictures;
  const count = findings.findIndex(({ ids }, at) => {
    left -= Math.min(shownPerGroup, ids.length);
    return left < 0 && at > 0;
  });
  return count === -1 ? findings : findings.slice(0, count);
}

function groupHtml({ ids, offenders, detail }: ShownFinding, known: KnownPictures): Html {
  const moved = new Set(offenders);
  const more = ids.length - shownPerGroup;
  const stays = (id: string): Html | undefined =>
    moved.size > 0 && !moved.has(id) ? html`<span class="good">stays</span>` : undefined;
  return html`<div class="group"><div class="pictures">${ids
    .slice(0, shownPerGroup)
    .map((id) => pictureHtml(id, stays(id), known))}</div><p class="muted small">${shownDetail(detail)}${
    more > 0 && `; ${formatCount(more)} more pictures`
  }</p></div>
`;
}

function pictureHtml(id: string, remark: Html | undefined, { facts, thumbnails }: KnownPictures): Html {
  const picture = facts.get(id);
  const jpeg = thumbnails.get(id);
  const name = visibleText(id);
  const view = jpeg === undefined ? html`<span>${missingText(picture)}</span>` : thumbnailHtml(jpeg, altText(id));
  const label =
    picture &&
    html`<span class="label clamp">${nameHtml(picture.label, shownLabelLength)}${picture.split && ` · ${picture.split}`}</span>`;
  return html`<figure class="picture" title="${name}"><div class="view">${view}</div><figcaption>${label}<span class="muted">${nameHtml(id, shownNameLength)}</span>${remark}</figcaption></figure>
`;
}

function missingText(picture: PictureFacts | undefined): string {
  if (picture === undefined) return "not read";
  return picture.decoded === undefined ? "cannot be decoded" : "no preview";
}

function lineHtml({ ids, detail }: ShownFinding): Html {
  const more = ids.length - shownPerGroup;
  const names = ids.slice(0, shownPerGroup).map((id, at) => html`${at > 0 && ", "}${nameHtml(id)}`);
  const rest = more > 0 && ` and ${formatCount(more)} more`;
  return html`<li>${names}${rest}${ids.length > 0 && " "}<span class="muted">${shownDetail(detail)}</span></li>
`;
}

/** Nothing for no findings. */
function foldedHtml(findings: readonly ShownFinding[]): Html | undefined {
  if (findings.length === 0) return undefined;
  const listed = firstWithin(findings, listedPerKind);
  const more = findings.length - listed.length;
  return html`<details><summary>${formatCount(findings.length)} more</summary><ul class="files">${listed.map(lineHtml)}${
    more > 0 && html`<li class="muted">and ${formatCount(more)} more</li>`
  }</ul></details>`;
}

/** Details hold labels, which may be long and of any script. */
function shownDetail(detail: string): Html {
  return html`<bdi>${shortenText(visibleText(detail), 240)}</bdi>`;
}
