/** Names what a file is by its first bytes, where it is not what its name says. */

/** Some of what is found under the names of archives and manifests, by the bytes it begins with. */
const binaryKinds: readonly (readonly [start: string, what: string])[] = [
  ["PK\x03\x04", "a zip archive, or an Excel file, which is one"],
  ["\x1f\x8b", "a file packed by gzip"],
  ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
  ["Rar!\x1a\x07", "a RAR archive"],
  ["BZh", "a file packed by bzip2"],
  ["\xfd7zXZ\0", "a file packed by xz"],
  ["\x28\xb5\x2f\xfd", "a file packed by zstd"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document of before 2007"],
  ["%PDF-", "a PDF"],
  ["PAR1", "a Parquet file"],
  ["\x89HDF\r\n", "an HDF5 file"],
  ["SQLite format 3\0", "an SQLite database"],
];

const textKinds: readonly (readonly [start: RegExp, what: string])[] = [
  [/^version https:\/\/git-lfs/, "a Git LFS pointer in place of the file, which 'git lfs pull' fetches"],
  [/^\s*<(!doctype html|html|head)/i, "a web page, perhaps of a download that asked for a login"],
  [/^\s*<(\?xml|Error>)/, "an XML document, perhaps the error of a download"],
];

/** The kind of content that a file begins with, as a noun phrase; undefined for any other. */
export function contentKindOf(start: Buffer): string | undefined {
  const text = start.toString("latin1", 0, 512);
  const isTar = text.startsWith("ustar", 257);
  const kind = binaryKinds.find(([begin]) => text.startsWith(begin)) ?? textKinds.find(([begin]) => begin.test(text));
  return isTar ? "a tar archive" : kind?.[1];
}
