/** What was passed over in a source, in words. */
import { AppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { findingTable } from "./inspection/findings/findings.ts";
import { quoted } from "./sources/label.ts";
import type { RemarkKind, SkippedPicture, SourceRemark } from "./sources/source.ts";

/** As many are named before "and N more". */
export const namedSkipped = 10;

/**
 * Lines that name and count the pictures that were skipped, for a warning; none where there were
 * none.
 */
export function describeSkipped(skipped: readonly SkippedPicture[], total: number): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped
    .slice(0, namedSkipped)
    .map(({ id, code, reason }) => `  ${JSON.stringify(id)}: ${reason} [${code}]`);
  const more = skipped.length - namedSkipped;
  return [
    `${skipped.length} of ${total} pictures were skipped:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** One line about a folder or about the whole source. */
export function describeRemark({ id, reason }: SourceRemark): string {
  return id === "" ? reason : `${quoted(id, 120)}: ${reason}`;
}

/** The option that changes what a remark is about. */
const hints: Readonly<Partial<Record<RemarkKind, string>>> = {
  "folder-link": "`followLinks` enters links to folders",
  "unclear-names": "`nameEncoding` says the encoding of the names",
  "missing-files": "`root` names the folder that the paths start from",
  "split-as-class": "`layout` splits takes it for a split",
};

/** What can be done about a remark, as the hint of an error; empty where there is nothing. */
export function hintFor(remark: SourceRemark | undefined): { readonly hint?: string } {
  const hint = remark && hints[remark.kind];
  return hint === undefined ? {} : { hint };
}

/** Tells each remark: as a warning, or as information where it is only worth knowing. */
export function tellRemarks(remarks: readonly SourceRemark[], logger: Logger): void {
  for (const remark of remarks) {
    const tell = findingTable[remark.kind].severity === "note" ? logger.info : logger.warn;
    const { hint } = hintFor(remark);
    tell.call(logger, `${describeRemark(remark)}${hint === undefined ? "" : `; ${hint}`}`);
  }
}

/**
 * DATASET_EMPTY for a source of which nothing can be used: how many pictures there are, and the
 * first one's reason.
 */
export function noneUsable(
  required: string,
  {
    where,
    skipped,
    remarks,
  }: {
    readonly where: string;
    readonly skipped: readonly SkippedPicture[];
    readonly remarks: readonly SourceRemark[];
  },
): AppError {
  const [first] = skipped;
  const [remark] = remarks;
  const reason =
    first !== undefined
      ? `: ${skipped.length} of ${skipped.length} were skipped, the first ${quoted(first.id, 120)}: ${first.reason}`
      : remark !== undefined
        ? `: ${describeRemark(remark)}`
        : "";
  return new AppError("DATASET_EMPTY", {
    required,
    received: `no picture that can be used${reason}`,
    where,
    ...hintFor(remark),
  });
}
