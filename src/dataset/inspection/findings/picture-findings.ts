/** What is wrong with one picture by itself. */
import { extname } from "node:path/posix";
import type { ErrorCode } from "../../../base/errors.ts";
import { extensionsOf, foreignExtensions, pictureExtensions } from "../../../image/format.ts";
import { describeRemark } from "../../describe-skipped.ts";
import type { SkippedPicture, SourceRemark } from "../../sources/source.ts";
import type { ScannedPicture } from "../scan/scan-picture.ts";
import { type DecodedFacts, type Finding, type FindingKind, findingKinds } from "./findings.ts";
import type { InspectionThresholds } from "./thresholds.ts";

/** Findings about the pictures one by one, in their order. */
export function findPictureFaults(
  pictures: readonly ScannedPicture[],
  thresholds: InspectionThresholds,
): readonly Finding[] {
  const areMostlyGrey = isGreySet(pictures, thresholds);
  return pictures.flatMap((picture) => {
    const { id, decoded } = picture.facts;
    if (picture.fault !== undefined) return [aboutPicture(picture.fault.kind, id, picture.fault.detail)];
    if (decoded === undefined) return [];
    const greyness = areMostlyGrey || !isGrey(decoded, thresholds) ? undefined : greynessOf(decoded);
    const lowRange = lowRangeOf(picture, thresholds);
    const details: Readonly<Partial<Record<FindingKind, string | undefined>>> = {
      "low-range": lowRange,
      "near-constant":
        lowRange === undefined && isNearConstant(picture, thresholds) ? `one colour: ${colourOf(decoded)}` : undefined,
      "partly-damaged": picture.complaint,
      "wrong-extension": extensionFault(id, decoded.format),
      animated: decoded.frames > 1 ? `${decoded.frames} frames` : undefined,
      cmyk: decoded.mode === "cmyk" ? "CMYK" : undefined,
      "exif-rotation": decoded.orientation > 1 ? `EXIF orientation ${decoded.orientation}` : undefined,
      "too-small": Math.min(decoded.width, decoded.height) < thresholds.minSidePx ? sizeOf(decoded) : undefined,
      "extreme-aspect-ratio": aspectOf(decoded) > thresholds.maxAspect ? sizeOf(decoded) : undefined,
      "deep-colour": decoded.bits > 8 && lowRange === undefined ? `${decoded.bits} bits a channel` : undefined,
      alpha: decoded.hasAlpha ? "has transparent pixels" : undefined,
      greyscale: greyness,
    };
    return findingKinds.flatMap((kind) => {
      const detail = details[kind];
      return detail === undefined ? [] : [aboutPicture(kind, id, detail)];
    });
  });
}

/** Findings about pictures that the source itself passed over. */
export function findSkipped(skipped: readonly SkippedPicture[]): readonly Finding[] {
  return skipped.map(({ id, code, reason }) => aboutPicture(kindOfSkipped[code] ?? "outside-source", id, reason));
}

const kindOfSkipped: Readonly<Partial<Record<ErrorCode, FindingKind>>> = {
  DATASET_LABEL_MISSING: "unlabelled",
  FILE_READ_FAILED: "unreadable-file",
  MANIFEST_INVALID: "manifest-line",
};

/** Findings about folders, and about the source as a whole. */
export function findRemarks(remarks: readonly SourceRemark[]): readonly Finding[] {
  return remarks.map((remark) => ({ kind: remark.kind, ids: [], offenders: [], detail: describeRemark(remark) }));
}

/** True where all pixels have nearly one colour. */
export function isNearConstant({ spread }: ScannedPicture, { minSpread }: InspectionThresholds): boolean {
  return spread !== undefined && spread < minSpread;
}

/** Values of 12 bits kept in 16 look like a picture of one colour, but are none. */
function lowRangeOf({ peak }: ScannedPicture, { minPeak }: InspectionThresholds): string | undefined {
  if (peak === undefined || peak === 0 || peak >= minPeak) return undefined;
  return `values up to ${peak} of 65535, as of ${Math.floor(Math.log2(peak)) + 1} bits`;
}

function aboutPicture(kind: FindingKind, id: string, detail: string): Finding {
  return { kind, ids: [id], offenders: [id], detail };
}

/** In a set of mostly grey pictures (digits, X-rays) greyness is no news. */
function isGreySet(pictures: readonly ScannedPicture[], thresholds: InspectionThresholds): boolean {
  const decoded = pictures.flatMap(({ facts }) => facts.decoded ?? []);
  return decoded.filter((facts) => isGrey(facts, thresholds)).length * 2 >= decoded.length;
}

function isGrey({ mode, colourfulness }: DecodedFacts, { minColourfulness }: InspectionThresholds): boolean {
  return mode === "grey" || colourfulness < minColourfulness;
}

function greynessOf({ mode }: DecodedFacts): string {
  return mode === "grey" ? "stored as grey" : "stored in colour, without any";
}

/**
 * Extensions that say what the content is. Any other ending ("photo.v2") says nothing about it.
 */
const sayingExtensions = new Set([...pictureExtensions, ...foreignExtensions, ".txt", ".html"]);

function extensionFault(id: string, format: DecodedFacts["format"]): string | undefined {
  const extension = extname(id).toLowerCase();
  if (format === "pixels" || !sayingExtensions.has(extension)) return undefined;
  return extensionsOf[format].includes(extension) ? undefined : `named ${extension}, is ${format}`;
}

function sizeOf({ width, height }: DecodedFacts): string {
  return `${width} x ${height} pixels`;
}

function aspectOf({ width, height }: DecodedFacts): number {
  return Math.max(width, height) / Math.min(width, height);
}

function colourOf({ meanColour }: DecodedFacts): string {
  return `rgb(${meanColour.map((level) => Math.round(level)).join(", ")})`;
}
