import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { makeTiff } from "../../tests/support/tiff-file.ts";
import { decodePicture } from "./decode.ts";
import { foreignExtensions, pictureExtensions, sniffFormat } from "./format.ts";

const options = { channels: 3, background: [255, 255, 255], where: "cat/1.jpg" } as const;

/** 300 bytes of no meaning, so that nothing is told by its length. */
const rest = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 37 + 11) % 251));
const bytes = (start: string): Buffer => Buffer.concat([Buffer.from(start, "latin1"), rest]);
const media = (major: string, ...others: readonly string[]): Buffer => {
  const box = Buffer.from(`\0\0\0\0ftyp${major}\0\0\0\0${others.join("")}`, "latin1");
  box.writeUInt32BE(box.length);
  return Buffer.concat([box, rest]);
};
const raw = (fields: Parameters<typeof makeTiff>[0]["fields"] = []): Buffer => makeTiff({ value: () => 9, fields });
const text = (value: string) => [...Buffer.from(`${value}\0`, "latin1")];

const pictures: readonly (readonly [name: RegExp, bytes: Uint8Array])[] = [
  [/HEIC picture, as iPhones/, media("heic", "mif1", "heic")],
  [/HEIC/, media("mif1", "mif1", "heic")],
  [/HEIF picture in another coding/, media("mif1", "miaf")],
  [/JPEG 2000/, bytes("\0\0\0\x0cjP  \r\n\x87\n")],
  [/JPEG 2000/, bytes("\xff\x4f\xff\x51")],
  [/JPEG XL/, bytes("\xff\x0a")],
  [/JPEG XL/, bytes("\0\0\0\x0cJXL \r\n\x87\n")],
  [/Photoshop/, bytes("8BPS\0\x01")],
  [/Windows icon/, bytes("\0\0\x01\0\x02\0")],
  [/Targa/, bytes("\0\0\x02\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\0")],
  [/Targa/, Buffer.concat([rest, Buffer.from("TRUEVISION-XFILE.\0")])],
  [/EPS or AI/, bytes("%!PS-Adobe-3.0 EPSF-3.0\n")],
  [/Netpbm/, bytes("P6\n# made\n3 2\n255\n")],
  [/DICOM/, Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), rest])],
  [/PDF/, bytes("\xef\xbb\xbf%PDF-1.7\n")],
  [/SVG/, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  [
    /SVG/,
    Buffer.from('\ufeff \n<?xml version="1.0"?>\n<!-- made by hand -->\n<!DOCTYPE svg PUBLIC "-//W3C" "x">\n<svg>'),
  ],
  [/SVG/, Buffer.from('\ufeff<?xml version="1.0"?><svg>', "utf16le")],
  [/Canon CR2/, bytes("II*\0\x10\0\0\0CR\x02\0")],
  [/Canon CR3/, media("crx ", "isom")],
  [
    /Nikon NEF/,
    raw([
      [254, 4, [1]],
      [271, 2, text("NIKON CORPORATION")],
      [330, 4, [8]],
    ]),
  ],
  [
    /Sony ARW/,
    raw([
      [254, 4, [1]],
      [271, 2, text("SONY")],
      [330, 4, [8]],
    ]),
  ],
  [
    /Pentax PEF/,
    raw([
      [262, 3, [32803]],
      [271, 2, text("PENTAX")],
    ]),
  ],
  [/Adobe DNG/, raw([[50706, 1, [1, 4, 0, 0]]])],
  [/sensor values in a TIFF/, raw([[262, 3, [34892]]])],
  [/Olympus ORF/, bytes("IIRO\x08\0\0\0")],
  [/Panasonic RW2/, bytes("IIU\0\x18\0\0\0")],
  [/Fujifilm RAF/, bytes("FUJIFILMCCD-RAW 0201")],
];

const others: readonly (readonly [name: RegExp, bytes: Uint8Array])[] = [
  [/video \(MP4/, media("isom", "mp41")],
  [/video \(MP4/, media("qt  ")],
  [/QuickTime/, bytes("\0\0\0\x08wide")],
  [/WebM/, bytes("\x1aE\xdf\xa3")],
  [/AVI/, bytes("RIFF\x10\0\0\0AVI LIST")],
  [/web page/, Buffer.from("\n <!DOCTYPE html><html><title>404 Not Found</title>")],
  [/web page/, Buffer.from("<html lang=en>")],
  [/XML document/, Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  [/JSON/, Buffer.from('{"message":"not found"}')],
  [/a text that begins with "about the ca"/, Buffer.from("about the ca\nts")],
  [/AppleDouble/, bytes("\0\x05\x16\x07\0\x02\0\0Mac OS X")],
  [/gzip/, bytes("\x1f\x8b\x08")],
  [/zip archive/, bytes("PK\x03\x04")],
  [/file of zeros/, Buffer.alloc(500)],
  [/an empty file/, new Uint8Array()],
  [/unknown format \(its first bytes: 01 02 03\)/, Uint8Array.of(1, 2, 3)],
];

const pointers: readonly (readonly [name: RegExp, bytes: Uint8Array, command: string])[] = [
  [/Git LFS/, Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n"), "git lfs pull"],
  [/DVC/, Buffer.from("outs:\n- md5: 22\n  size: 9\n  path: cat.jpg\n"), "dvc pull"],
  [/git-annex/, Buffer.from("../.git/annex/objects/Mx/9/SHA256-s9--1.jpg"), "git annex get"],
];

const refusal = async (file: Uint8Array) => decodePicture(file, options).catch((error: unknown) => error);

describe("what is no picture that can be read is named, with what to do", () => {
  it.each(pictures)("%s", async (received, file) => {
    expect(await refusal(file)).toMatchObject({
      code: "IMAGE_UNREADABLE",
      fault: "foreign",
      required: "a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture",
      received: expect.stringMatching(received),
      hint: expect.stringMatching(/^(convert|save|draw)/),
    });
  });

  it.each(others)("%s", async (received, file) => {
    expect(await refusal(file)).toMatchObject({
      code: "IMAGE_UNREADABLE",
      fault: file.length === 0 ? "empty" : "no-picture",
      received: expect.stringMatching(received),
      hint: expect.stringMatching(/./),
    });
  });

  it.each(pointers)("%s", async (received, file, command) => {
    expect(await refusal(file)).toMatchObject({
      fault: "pointer",
      received: expect.stringMatching(received),
      hint: expect.stringContaining(command),
    });
  });
});

describe("what is a picture stays one", () => {
  it("is told from RAW files by more than its maker or a second directory", async () => {
    const scans = [raw([[271, 2, text("NIKON CORPORATION")]]), raw([[330, 4, [8]]]), raw([[254, 4, [1]]])];
    expect(scans.map((file) => sniffFormat(file))).toEqual(["tiff", "tiff", "tiff"]);
  });

  it("is AVIF also where only its items say so", async () => {
    const avif = await sharp({ create: { width: 9, height: 9, channels: 3, background: "#123456" } })
      .avif()
      .toBuffer();
    const end = avif.readUInt32BE(0);
    avif.fill("mif1", 8, 12).fill("mif1", 16, end);
    expect(sniffFormat(avif)).toBe("avif");
    expect((await decodePicture(avif, options)).width).toBe(9);
  });
});

it("names of files that are read and names of those that are only known are different sets", () => {
  expect([...pictureExtensions].filter((extension) => foreignExtensions.has(extension))).toEqual([]);
  expect(pictureExtensions.has(".bmp") && foreignExtensions.has(".heic")).toBe(true);
});
