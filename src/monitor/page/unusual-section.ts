/** The section of a monitor's page on the pictures that are furthest from the reference. */
import { formatShare } from "../../report/page/elements.ts";
import { html } from "../../report/page/html.ts";
import { nameHtml } from "../../report/page/name-html.ts";
import type { PageSection } from "../../report/page/page.ts";
import { thumbnailHtml } from "../../report/page/thumbnail.ts";
import { rounded } from "../figure-text.ts";
import type { MonitorReport } from "../measure-log.ts";
import type { UnusualPrediction } from "../unusual-predictions.ts";
import { timeText } from "./time-text.ts";

/** Names a picture among the thumbnails. */
export function pictureKey({ requestId, position }: Pick<UnusualPrediction, "requestId" | "position">): string {
  return `${position} ${requestId}`;
}

export function unusualSection(
  { unusual }: MonitorReport,
  thumbnails: ReadonlyMap<string, Uint8Array>,
): PageSection | undefined {
  if (unusual.length === 0) return undefined;
  const hasPictures = unusual.some((one) => thumbnails.has(pictureKey(one)));
  return {
    id: "unusual",
    title: "The most unusual pictures",
    body: html`<p class="muted">Furthest outside of what 90 % of the evaluated pictures have.${!hasPictures && " Their pictures were not kept."}</p>
<div class="scroll"><table><thead><tr>${hasPictures && html`<th></th>`}<th>Request</th><th>Time, UTC</th><th>Answer</th><th>Really</th><th>Unusual in</th><th class="number">Value</th><th class="number">Usual</th></tr></thead>
<tbody>${unusual.map((one) => {
      const bytes = thumbnails.get(pictureKey(one));
      return html`<tr>${hasPictures && html`<td style="width:7rem">${bytes && thumbnailHtml(bytes, `The picture of request ${one.requestId}`)}</td>`}<td>${nameHtml(one.requestId, 40)}${one.position > 0 && ` (${one.position})`}</td><td>${timeText(one.timeMs)}</td><td>${nameHtml(one.label, 30)}, ${formatShare(one.confidence)}</td><td>${one.trueLabel === undefined ? "–" : nameHtml(one.trueLabel, 30)}</td><td>${one.statistic}</td><td class="number">${rounded(one.value)}</td><td class="number">${rounded(one.usual[0])} to ${rounded(one.usual[1])}</td></tr>`;
    })}</tbody></table></div>`,
  };
}
