/** A model from a file, with the weights that stand in other files of its folder. */
import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { isAppError } from "../../base/errors.ts";
import { largestFileBytes, readBytes, readBytesIfThere } from "../../base/files/read-file.ts";
import { externalFilesOf, inlineExternalData } from "./external-data.ts";
import { unreadable } from "./unreadable.ts";

/** Exporters write one file, or one for each tensor of a few hundred. */
const mostFiles = 2000;

/**
 * The bytes of the `.onnx` file at `path`, as one file: weights that it has in files beside it ("external data") are
 * read from there, at most 2 GiB altogether. Only files in the model's own folder and below are read, whatever names
 * and links say.
 * Errors: FILE_NOT_FOUND and FILE_READ_FAILED for the file itself; MODEL_UNREADABLE for one that is no model, for
 * files that it names and that are missing, outside the folder or shorter than the tensors in them.
 */
export async function openOnnxFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(path);
  const names = externalFilesOf(bytes, path);
  if (names.length === 0) return bytes;
  if (names.length > mostFiles)
    throw unreadable(`weights in at most ${mostFiles} files`, `${names.length} files`, path);
  const folder = await realpath(dirname(path));
  const files = new Map<string, Uint8Array>();
  let room = largestFileBytes - bytes.length;
  for (const name of names) {
    const file = await fileInside(folder, name, path);
    const content = await readBytesIfThere(file, `${name} of ${path}`, room).catch((cause: unknown) => {
      if (!isAppError(cause)) throw cause;
      throw unreadable(
        `a file '${name}' that can be read, which holds weights of the model`,
        cause.received ?? "none",
        path,
        cause,
      );
    });
    if (!content) throw missing(name, path);
    room -= content.length;
    files.set(name, content);
  }
  return inlineExternalData(bytes, files, path);
}

/** Where a named file really is. Errors: MODEL_UNREADABLE outside of `folder`. */
async function fileInside(folder: string, name: string, path: string): Promise<string> {
  const outside = (received: string) =>
    unreadable("weights in files of the model's own folder", `${JSON.stringify(name.slice(0, 200))}${received}`, path);
  // Written by tools of any system: both separators lead on.
  const parts = name.split(/[\\/]/);
  if (
    isAbsolute(name) ||
    /^[A-Za-z]:/.test(name) ||
    name.startsWith("\\") ||
    parts.includes("..") ||
    name.includes("\0")
  )
    throw outside("");
  const real = await realpath(join(folder, ...parts)).catch(() => undefined);
  if (real === undefined) throw missing(name, path);
  const below = relative(folder, real);
  if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) throw outside(", a link to another folder");
  return real;
}

function missing(name: string, path: string) {
  return unreadable(`the file '${name}' beside the model, which holds weights of it`, "none", path);
}
