/** What a file's name says of it: the one rule for training, prediction and import. */
import { extname } from "node:path/posix";
import { foreignExtensions, pictureExtensions } from "../../image/format.ts";

/**
 * picture: the extension is a picture's. unknown: no extension or a strange one, so that only the
 * content can tell. other: a file that stands beside pictures. leftover: hidden, or left behind by
 * a system.
 */
export type FileRole = "picture" | "unknown" | "other" | "leftover";

/** What systems and viewers leave beside pictures; whatever begins with a dot is left over too. */
const leftovers: ReadonlySet<string> = new Set([
  "__macosx",
  "thumbs.db",
  "desktop.ini",
  "@eadir",
  "#recycle",
  "$recycle.bin",
  "lost+found",
  "__pycache__",
]);

/** Extensions of text, tables, code, archives and models. */
const otherExtensions: ReadonlySet<string> = new Set(
  (
    ".txt .md .rst .rtf .csv .tsv .json .jsonl .ndjson .xml .html .htm .css .yaml .yml .toml .ini .cfg .log .lock .db .sqlite " +
    ".py .ipynb .js .ts .mjs .sh .bat .r .m .c .cpp .h .java .doc .docx .xls .xlsx .ppt .pptx .odt " +
    ".zip .tar .gz .tgz .bz2 .xz .zst .7z .rar .mat .npy .npz .pkl .pickle .pt .pth .h5 .hdf5 .onnx .parquet .arrow .tfrecord " +
    ".dvc .url .lnk .exe .dll .part .crdownload .tmp .bak"
  ).split(" "),
);

/** Usual names of files without an extension. */
const otherNames: ReadonlySet<string> = new Set([
  "readme",
  "license",
  "licence",
  "makefile",
  "dockerfile",
  "copying",
  "notice",
  "authors",
]);

/** The role of a file by its bare name. */
export function fileRole(name: string): FileRole {
  if (isLeftover(name)) return "leftover";
  const extension = extname(name).toLowerCase();
  // Pictures that cannot be decoded are to be named, not passed over.
  if (pictureExtensions.has(extension) || foreignExtensions.has(extension)) return "picture";
  // As downloads leave them: .jpg_large, .jpeg?w=300.
  if (/^\.(jpe?g|png|gif|webp|tiff?|avif|bmp)[^a-z]/.test(extension)) return "picture";
  return otherExtensions.has(extension) || otherNames.has(name.toLowerCase()) ? "other" : "unknown";
}

/** True for the bare name of a file or folder that is passed over without a word. */
export function isLeftover(name: string): boolean {
  return name.startsWith(".") || leftovers.has(name.toLowerCase());
}
