/** Names files that are not read: other picture formats, and what is often found in their place. */
import { cameraRawOf } from "./camera-raw.ts";
import { mediaBrands } from "./media-brands.ts";

export interface ForeignFormat {
  /** A noun phrase: "a HEIC picture, as iPhones take them". */
  readonly name: string;
  /**
   * picture: it shows something, and can be converted; pointer: it stands for a file that was not
   * fetched; other: there is no picture in it.
   */
  readonly kind: "picture" | "pointer" | "other";
  /** What to do about it. */
  readonly remedy: string;
}

const convert = (ending: string): string =>
  `convert it to JPEG or PNG, for example with ImageMagick: magick in.${ending} out.jpg`;
const toPng = (command: string): string => `convert it to PNG: ${command}`;
const develop = "save it as JPEG with the camera's program, or: darktable-cli in.raw out.jpg";
const frames = "save the frames to be classified as pictures: ffmpeg -i in.mp4 frame-%04d.jpg";
const heic = "convert it to JPEG: sips -s format jpeg in.heic --out out.jpg (macOS), or heif-convert in.heic out.jpg";
const fetchAgain = "download the picture itself once more";
const unpack = "unpack it, and name the pictures in it";
const setAside = "leave it out: it is no picture";

type Entry = readonly [kind: ForeignFormat["kind"], name: string, remedy: string];

const foreign = ([kind, name, remedy]: Entry): ForeignFormat => ({ kind, name, remedy });

const camera = (name: string): Entry => ["picture", `a camera RAW picture (${name})`, develop];

/** How a file begins, read as Latin-1: a text at its start or at a byte, or a pattern. */
type Mark = string | readonly [at: number, text: string] | RegExp;
type Row = readonly [marks: readonly Mark[], entry: Entry];

const pointers: readonly Row[] = [
  [["version https://git-lfs.github.com/"], ["pointer", "a Git LFS pointer, not the picture", "run: git lfs pull"]],
  [
    [/^(outs:\s+- |md5: |deps:\s|wdir: )[\s\S]*(md5|hash|path): /],
    ["pointer", "a DVC pointer, not the picture", "run: dvc pull"],
  ],
  [[/^[./\w-]*\/annex\/objects\//], ["pointer", "a git-annex pointer, not the picture", "run: git annex get"]],
];

const pictures: readonly Row[] = [
  [["8BPS"], ["picture", "a Photoshop document (PSD)", convert("psd")]],
  [
    ["\0\0\0\x0cjP  \r\n\x87\n", "\xff\x4f\xff\x51"],
    ["picture", "a JPEG 2000 picture", convert("jp2")],
  ],
  [
    ["\0\0\0\x0cJXL \r\n\x87\n", "\xff\x0a"],
    ["picture", "a JPEG XL picture", toPng("djxl in.jxl out.png")],
  ],
  [
    ["II\xbc", "WMPHOTO"],
    ["picture", "a JPEG XR picture", convert("jxr")],
  ],
  [["icns"], ["picture", "a macOS icon (ICNS)", toPng("sips -s format png in.icns --out out.png")]],
  [
    ["%!PS", "\xc5\xd0\xd3\xc6"],
    ["picture", "a PostScript drawing (EPS or AI)", convert("eps")],
  ],
  [[/^P([1-6]\s+[\d#]|7\nWIDTH)/], ["picture", "a Netpbm picture (PBM, PGM, PPM or PAM)", convert("ppm")]],
  [["\x76\x2f\x31\x01"], ["picture", "an OpenEXR picture", convert("exr")]],
  [
    ["#?RADIANCE", "#?RGBE"],
    ["picture", "a Radiance HDR picture", convert("hdr")],
  ],
  [["gimp xcf"], ["picture", "a GIMP document (XCF)", convert("xcf")]],
  [
    ["\n\x05\x01", "\n\x03\x01"],
    ["picture", "a PCX picture", convert("pcx")],
  ],
  [
    ["\x01\xda\0\x01", "\x01\xda\x01\x01"],
    ["picture", "an SGI picture", convert("sgi")],
  ],
  [["DDS "], ["picture", "a DirectDraw texture (DDS)", convert("dds")]],
  [["qoif"], ["picture", "a QOI picture", convert("qoi")]],
  [
    ["\xd7\xcd\xc6\x9a", [40, " EMF"]],
    ["picture", "a Windows metafile (WMF or EMF)", convert("wmf")],
  ],
  [["\x8aMNG\r\n"], ["picture", "an MNG animation", convert("mng")]],
  [[[128, "DICM"]], ["picture", "a medical picture (DICOM)", `${toPng("dcm2img in.dcm out.png")} (DCMTK)`]],
  [["SIMPLE  ="], ["picture", "an astronomical picture (FITS)", convert("fits")]],
  [["IIRO", "IIRS", "MMOR"], camera("Olympus ORF")],
  [["IIU\0"], camera("Panasonic RW2")],
  [["FUJIFILMCCD-RAW"], camera("Fujifilm RAF")],
  [["FOVb"], camera("Sigma X3F")],
  [["\0MRM"], camera("Minolta MRW")],
  [[/^[\s\xef\xbb\xbf]*%PDF-/], ["picture", "a PDF document", toPng("pdftoppm -png in.pdf out")]],
];

const videos: readonly Row[] = [
  [["\x1aE\xdf\xa3"], ["other", "a video (WebM or Matroska)", frames]],
  [[[8, "AVI LIST"]], ["other", "a video (AVI)", frames]],
  [["moov", "mdat", "wide", "free", "skip", "pnot"].map((box) => [4, box]), ["other", "a video (QuickTime)", frames]],
  [
    ["\0\0\x01\xba", "\0\0\x01\xb3"],
    ["other", "a video (MPEG)", frames],
  ],
  [["FLV\x01"], ["other", "a video (FLV)", frames]],
  [["\x30\x26\xb2\x75\x8e\x66\xcf\x11"], ["other", "a video (WMV)", frames]],
  [
    ["ID3", "OggS", "fLaC", [8, "WAVEfmt"]],
    ["other", "a sound file", setAside],
  ],
];

const files: readonly Row[] = [
  [
    ["\0\x05\x16\x07", "\0\x05\x16\0"],
    ["other", "what macOS notes about a file (AppleDouble), not the picture", setAside],
  ],
  [["\0\0\0\x01Bud1"], ["other", "the view settings of a macOS folder (.DS_Store)", setAside]],
  [["\xd0\xcf\x11\xe0"], ["other", "an Office document or a Windows thumbnail cache", setAside]],
  [
    ["PK\x03\x04", "PK\x05\x06"],
    ["other", "a zip archive or an Office document", unpack],
  ],
  [["\x1f\x8b"], ["other", "a gzip file", unpack]],
  [
    ["Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "\xfd7zXZ\0", /^BZh[1-9]1AY/, "\x28\xb5\x2f\xfd", [257, "ustar"]],
    ["other", "an archive", unpack],
  ],
  [["\x93NUMPY"], ["other", "a NumPy array", "save it as PNG, for example with Pillow's Image.fromarray"]],
  [["\x89HDF\r\n"], ["other", "an HDF5 file", "save the pictures in it as PNG"]],
  [
    ["MZ\x90\0", "\x7fELF"],
    ["other", "a program", setAside],
  ],
  [["\0".repeat(64)], ["other", "a file of zeros, as an unfinished download leaves it", fetchAgain]],
];

const table = [...pointers, ...pictures, ...videos, ...files];

/** Brands of the ISO base media format (`ftyp`) without those of AVIF. */
const brands: readonly Row[] = [
  [[/^(jp2|jpx|jpm|mjp2)/], ["picture", "a JPEG 2000 picture", convert("jp2")]],
  [["jxl"], ["picture", "a JPEG XL picture", toPng("djxl in.jxl out.png")]],
  [["crx"], camera("Canon CR3")],
  [[/^(hei[cxms]|hev[cxms])/], ["picture", "a HEIC picture, as iPhones take them", heic]],
  [[/^(mif1|msf1|miaf|avc[is])/], ["picture", "a HEIF picture in another coding than AV1", heic]],
  [["M4A"], ["other", "a sound file", setAside]],
  [[/^/], ["other", "a video (MP4 or QuickTime)", frames]],
];

/** How a text begins, behind a byte order mark, blanks, comments and declarations. */
const texts: readonly Row[] = [
  [[/^<svg[\s>]/i], ["picture", "a drawing (SVG)", toPng("rsvg-convert in.svg -o out.png")]],
  [[/^<(!doctype html|html|head|body|title|script|meta)[\s>]/i], ["other", "a web page, not the picture", fetchAgain]],
  [["<"], ["other", "an XML document, as some servers send in place of a picture", fetchAgain]],
  [[/^[{[]/], ["other", "a JSON text, as some servers send in place of a picture", fetchAgain]],
];

/** Enough for the comments, declarations and entities in front of an SVG's root. */
const lookedAtBytes = 4096;

/** What a file is that is in no format that is read; undefined where neither is known. */
export function recogniseForeign(bytes: Uint8Array): ForeignFormat | undefined {
  if (bytes.byteLength === 0) return foreign(["other", "an empty file", "copy it once more from where it came"]);
  const start = Buffer.from(bytes.subarray(0, lookedAtBytes)).toString("latin1");
  const raw = cameraRawOf(bytes);
  if (raw !== undefined) return foreign(camera(raw));
  if (start.startsWith("ftyp", 4)) return recogniseBrand(bytes);
  return findEntry(table, start) ?? recogniseIcon(bytes) ?? recogniseTarga(bytes) ?? recogniseText(bytes);
}

function findEntry(rows: readonly Row[], start: string): ForeignFormat | undefined {
  const found = rows.find(([marks]) => marks.some((mark) => isThere(mark, start)));
  return found && foreign(found[1]);
}

function isThere(mark: Mark, start: string): boolean {
  if (mark instanceof RegExp) return mark.test(start);
  const [at, text] = typeof mark === "string" ? [0, mark] : mark;
  return start.startsWith(text, at);
}

/** The major brand, or where it says only "some picture" the first one that says more. */
function recogniseBrand(bytes: Uint8Array): ForeignFormat | undefined {
  const all = mediaBrands(bytes);
  return findEntry(brands, all.find((brand) => !/^(mif1|msf1|miaf)/.test(brand)) ?? all[0] ?? "");
}

/** Two zeros, the kind (icon or cursor), and a count from 1 to 255, each of 16 bits. */
function recogniseIcon([a, b, kind, c, count, d]: Uint8Array): ForeignFormat | undefined {
  const isIcon = a === 0 && b === 0 && (kind === 1 || kind === 2) && c === 0 && (count ?? 0) > 0 && d === 0;
  return isIcon ? foreign(["picture", "a Windows icon (ICO)", convert("ico")]) : undefined;
}

/** TGA files have no mark at their start: a usual header without a palette, or the mark at the end. */
function recogniseTarga(bytes: Uint8Array): ForeignFormat | undefined {
  const hasKind = [2, 3, 10, 11].includes(bytes[2] ?? 0) && [8, 16, 24, 32].includes(bytes[16] ?? 0);
  const hasNoPalette = bytes.byteLength > 18 && [0, 1, 3, 4, 5, 6, 7].every((at) => bytes[at] === 0);
  const end = Buffer.from(bytes.subarray(-18)).toString("latin1");
  const isTarga = (hasKind && hasNoPalette) || end.startsWith("TRUEVISION-XFILE");
  return isTarga ? foreign(["picture", "a Targa picture (TGA)", convert("tga")]) : undefined;
}

function recogniseText(bytes: Uint8Array): ForeignFormat | undefined {
  const head = bytes.subarray(0, lookedAtBytes);
  const isWide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const text = new TextDecoder(isWide ? (head[0] === 0xff ? "utf-16le" : "utf-16be") : "utf-8").decode(head);
  if (!isPlain(text)) return undefined;
  const root = text.replace(/^(\s|<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!doctype svg[^>[]*(\[[^\]]*\])?\s*>)+/i, "");
  const known = findEntry(texts, root);
  if (known !== undefined) return known;
  const shown = JSON.stringify(text.trim().split("\n")[0]!.slice(0, 24).trim());
  return foreign(["other", `a text that begins with ${shown}`, setAside]);
}

/** No controls but those of lines; a character cut in two at the end became one replacement. */
function isPlain(text: string): boolean {
  return !/[^\P{Cc}\t\n\r\f]/u.test(text) && !text.slice(0, -1).includes("\ufffd");
}
