/** Reads, decodes and measures one picture, or says why it cannot be used. */
import { sha256 } from "../../../base/hash.ts";
import { fingerprintOf } from "../../../image/perceptual-hash.ts";
import type { Sample } from "../../sources/source.ts";
import type { PictureFacts } from "../findings/findings.ts";
import { measurePixels } from "./measure-pixels.ts";
import { decodingFault, type PictureFault, readingFault } from "./picture-fault.ts";
import { type Look, lookAtFile, lookAtPixels } from "./picture-look.ts";

export interface ScannedPicture {
  readonly facts: PictureFacts;
  /** Present where it could not be decoded; `facts.decoded` is then absent. */
  readonly fault?: PictureFault;
  /** Damage that the decoder passed over. */
  readonly complaint?: string;
  /** The largest value of a picture of 16 bits a channel, 0 to 65535; absent for any other. */
  readonly peak?: number;
  /**
   * Standard deviation of the channel that varies most, 0 to 127.5; absent where it could not be
   * decoded.
   */
  readonly spread?: number;
  readonly fingerprint?: Uint8Array;
}

/**
 * Reads, hashes and decodes one picture, once and in full. Its faults are a part of the answer.
 * Errors: SOURCE_CHANGED and whatever else ends the work on the whole source.
 */
export async function scanPicture(sample: Sample): Promise<ScannedPicture> {
  const { id, label, split } = sample;
  const known = { id, label, ...(split && { split }) };
  if ("image" in sample) {
    const { image } = sample;
    const facts = { ...known, sizeBytes: image.pixels.byteLength, hash: sha256(image.pixels) };
    return withLook(facts, await lookAtPixels(image));
  }
  let bytes: Uint8Array;
  try {
    bytes = await sample.bytes();
  } catch (error) {
    return { facts: { ...known, sizeBytes: 0, hash: "" }, fault: readingFault(error) };
  }
  const facts = { ...known, sizeBytes: bytes.byteLength, hash: sha256(bytes) };
  try {
    return withLook(facts, await lookAtFile(bytes, id));
  } catch (error) {
    return { facts, fault: decodingFault(error) };
  }
}

function withLook(facts: Omit<PictureFacts, "decoded">, { decoded, image, complaint, peak }: Look): ScannedPicture {
  const { spread, ...measures } = measurePixels(image);
  const fingerprint = fingerprintOf(image);
  return {
    facts: { ...facts, decoded: { ...decoded, ...measures } },
    spread,
    ...(complaint !== undefined && { complaint }),
    ...(peak !== undefined && { peak }),
    ...(fingerprint && { fingerprint }),
  };
}
