/** Tells camera RAW files that are built as TIFFs, of which decoders would read the thumbnail. */
import { readTiffDirectory, tiffTag } from "./tiff-directory.ts";

/** By the camera's maker, as the file names it. */
const rawNames: readonly (readonly [make: RegExp, name: string])[] = [
  [/^nikon/i, "Nikon NEF"],
  [/^sony/i, "Sony ARW"],
  [/^(pentax|ricoh)/i, "Pentax PEF"],
  [/^samsung/i, "Samsung SRW"],
  [/^hasselblad/i, "Hasselblad 3FR"],
  [/^phase one/i, "Phase One IIQ"],
  [/^(eastman )?kodak/i, "Kodak DCR"],
  [/^epson/i, "Epson ERF"],
  [/^canon/i, "Canon TIF"],
  [/^(leica|leaf|mamiya)/i, "Leica or Leaf"],
];

/** PhotometricInterpretation of sensor values: a colour filter array, and LinearRaw (DNG 1.4). */
const sensorColours = [32803, 34892];

/** The name of the RAW format; undefined for any other file. */
export function cameraRawOf(bytes: Uint8Array): string | undefined {
  const mark = Buffer.from(bytes.subarray(0, 10)).toString("latin1");
  if (!/^(II\*\0|MM\0\*)/.test(mark)) return undefined;
  if (mark.endsWith("CR")) return "Canon CR2";
  const directory = readTiffDirectory(bytes);
  if (directory === undefined) return undefined;
  if (directory.count(tiffTag.dngVersion) > 0) return "Adobe DNG";
  const name = rawNames.find(([make]) => make.test(directory.text(tiffTag.make)))?.[1];
  if (sensorColours.includes(directory.number(tiffTag.photometric) ?? -1)) return name ?? "sensor values in a TIFF";
  // The first directory is a thumbnail, the picture stands in another one.
  const isThumbnail = ((directory.number(tiffTag.newSubfileType) ?? 0) & 1) === 1;
  return isThumbnail && directory.count(tiffTag.subDirectories) > 0 ? name : undefined;
}
