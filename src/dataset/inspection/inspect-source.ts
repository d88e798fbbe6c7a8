/** Finds what is wrong with a source of labelled pictures. */
import { byCodeUnits } from "../../base/by-code-units.ts";
import type { Source, SourceRemark } from "../sources/source.ts";
import { classFactsOf } from "./findings/class-facts.ts";
import { findClassFaults, findNamesAlike } from "./findings/class-findings.ts";
import { findCopies } from "./findings/copy-findings.ts";
import { type Finding, findingKinds, type Inspection } from "./findings/findings.ts";
import { findPictureFaults, findRemarks, findSkipped, isNearConstant } from "./findings/picture-findings.ts";
import { defaultThresholds, type InspectionThresholds } from "./findings/thresholds.ts";
import { type ScannedSource, type ScanOptions, scanSource } from "./scan/scan-source.ts";

export interface InspectOptions extends ScanOptions {
  /** Those left out are `defaultThresholds`. */
  readonly thresholds?: Partial<InspectionThresholds>;
  /** A clock in milliseconds, for `durationMs`. */
  readonly nowMs?: () => number;
}

/**
 * Reads and decodes every picture once, in parallel, and names all that is wrong, by the kinds of
 * `findingTable`. Faults of pictures are findings, not errors.
 * Errors: SOURCE_CHANGED, INTERRUPTED, and what the source throws where it fails as a whole.
 */
export async function inspectSource(source: Source, options: InspectOptions = {}): Promise<Inspection> {
  const { nowMs = () => performance.now(), signal } = options;
  const startMs = nowMs();
  const scanned = await scanSource(source, options);
  const findings = findAll(scanned, source.remarks, { ...defaultThresholds, ...options.thresholds }, signal);
  const facts = scanned.pictures.map((picture) => picture.facts);
  return {
    source: { kind: source.kind, location: source.location },
    pictures: facts.length,
    sizeBytes: facts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    classes: classFactsOf(facts),
    findings,
    facts,
    durationMs: nowMs() - startMs,
  };
}

function findAll(
  { pictures, skipped }: ScannedSource,
  remarks: readonly SourceRemark[],
  thresholds: InspectionThresholds,
  signal: AbortSignal | undefined,
): readonly Finding[] {
  // Pictures of one colour are all alike; that they are copies of each other is no second fault.
  const comparable = pictures.filter((picture) => !picture.fault && !isNearConstant(picture, thresholds));
  const findings = [
    ...findSkipped(skipped),
    ...findRemarks(remarks),
    ...findPictureFaults(pictures, thresholds),
    ...findCopies(comparable, signal),
    ...findClassFaults(pictures, thresholds),
    ...findNamesAlike(pictures.map(({ facts }) => facts.id)),
  ];
  return findings.sort(
    (a, b) =>
      findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind) ||
      byCodeUnits(a.ids[0] ?? a.detail, b.ids[0] ?? b.detail),
  );
}
