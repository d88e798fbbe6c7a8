/** Where the paths of a manifest lead: below one folder, and nowhere else. */
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, posix, win32 } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { readFailure } from "../../../base/files/file-failure.ts";
import { pictureExtensions } from "../../../image/format.ts";
import { nameFaultOf } from "../archives/entry-name.ts";
import { leadsBelow } from "../file-samples.ts";
import { quoted } from "../label.ts";
import { readStampedPicture } from "../stamped-file.ts";

export type ReadPath = { readonly path: string; readonly fault?: undefined } | { readonly fault: string };

/** The folder that paths start from and may not leave. */
export class ManifestRoot {
  readonly folder: string;
  /** The same without symbolic links. */
  readonly #real: string;
  readonly #isGiven: boolean;
  readonly #listings = new Map<string, Promise<Listing>>();

  private constructor(folder: string, real: string, isGiven: boolean) {
    this.folder = folder;
    this.#real = real;
    this.#isGiven = isGiven;
  }

  /**
   * The given folder, else the manifest's own. Errors: FILE_NOT_FOUND, FILE_READ_FAILED,
   * CONFIG_INVALID for what is no folder.
   */
  static async open(manifest: string, given: string | undefined): Promise<ManifestRoot> {
    const folder = given ?? dirname(manifest);
    const [found, real] = await Promise.all([stat(folder), realpath(folder)]).catch((error: unknown) => {
      throw readFailure(folder, error);
    });
    if (found.isDirectory()) return new ManifestRoot(folder, real, given !== undefined);
    throw new AppError("CONFIG_INVALID", { required: "a folder as root", received: "a file", where: folder });
  }

  /**
   * The path from the root, with forward slashes and without detours. A name without a picture's
   * extension, such as an id, stands for the one picture of that name.
   */
  async read(text: string): Promise<ReadPath> {
    const path = this.#plain(text);
    if (path.fault !== undefined || pictureExtensions.has(extname(path.path).toLowerCase())) return path;
    const { names, pictures } = await this.#list(posix.dirname(path.path));
    const name = posix.basename(path.path);
    const [picture, other] = names.has(name) ? [] : (pictures.get(name) ?? []);
    if (other !== undefined) return { fault: `${quoted(path.path)}, which could be ${picture} or ${other}` };
    return picture === undefined ? path : { path: posix.join(posix.dirname(path.path), picture) };
  }

  /** A picture's bytes. Errors: those of `readStampedPicture`, IMAGE_UNREADABLE for a link that leads out. */
  async readPicture(path: string, stamp: string): Promise<Uint8Array> {
    const isInside = await leadsBelow(this.#real, path).catch((error: unknown) => {
      throw readFailure(path, error);
    });
    if (isInside) return readStampedPicture(path, stamp);
    throw new AppError("IMAGE_UNREADABLE", {
      required: `a picture in ${this.#isGiven ? "the root" : "the manifest's folder"}`,
      received: "a link that leads out of it",
      where: path,
    });
  }

  /**
   * Where none of some paths leads to a file: what to do about it, in words, if the first is near.
   */
  async adviceOn(paths: readonly string[]): Promise<string | undefined> {
    const [first] = paths;
    if (first === undefined) return undefined;
    const exist = await Promise.all(paths.map((path) => isFile(join(this.folder, path))));
    if (exist.includes(true)) return undefined;
    const near = await this.#nearOf(first);
    const start = `${paths.length === 1 ? "the first listed file is" : `the first ${paths.length} listed files are`} not there`;
    const found = near === undefined ? "" : `, and ${quoted(first, 60)} is in ${near}`;
    return `${start}: paths start from ${this.folder}${found}`;
  }

  #plain(text: string): ReadPath {
    const own = this.#isGiven ? "the root" : "the manifest's folder";
    if (text.trim() === "") return { fault: "no path" };
    if (text.includes("\0")) return { fault: "a path with a NUL character" };
    if (/^[a-z][a-z\d+.-]+:\/\//i.test(text)) return { fault: `${quoted(text)}, which is an address and no file` };
    if (/^([a-z]:)?[/\\]/i.test(text)) {
      const way = [this.folder, this.#real].map((root) => wayBelow(root, text)).find((found) => found !== undefined);
      if (way !== undefined) return { path: way };
      const advice = this.#isGiven ? "" : "; give the folder that holds all pictures as `root`";
      return { fault: `${quoted(text, 80)}, an absolute path outside ${own}${advice}` };
    }
    const path = posix.normalize(text.replaceAll("\\", "/"));
    const fault = nameFaultOf(path);
    if (fault !== undefined) return { fault: `${quoted(text, 80)}, ${fault}` };
    if (path === "." || path.endsWith("/")) return { fault: `${quoted(text)}, which is a folder and no file` };
    return { path };
  }

  #list(folder: string): Promise<Listing> {
    const known = this.#listings.get(folder) ?? listPictures(join(this.folder, folder));
    this.#listings.set(folder, known);
    return known;
  }

  /** The parent of the root, or a folder in either, from which a path leads to a file. */
  async #nearOf(path: string): Promise<string | undefined> {
    const around = dirname(this.folder);
    const inner = await Promise.all(
      [this.folder, around].map(async (folder) =>
        (await readdir(folder, { withFileTypes: true }).catch(() => []))
          .filter((entry) => entry.isDirectory())
          .slice(0, 100)
          .map(({ name }) => join(folder, name)),
      ),
    );
    for (const folder of [around, ...inner.flat()]) {
      if (await isFile(join(folder, path))) return folder;
      const { pictures } = await listPictures(join(folder, posix.dirname(path)));
      if (pictures.has(posix.basename(path))) return folder;
    }
    return undefined;
  }
}

interface Listing {
  readonly names: ReadonlySet<string>;
  /** Names of pictures, by what they are without their extension. */
  readonly pictures: ReadonlyMap<string, readonly string[]>;
}

async function listPictures(folder: string): Promise<Listing> {
  const names = (await readdir(folder).catch(() => [])).sort();
  const pictures = new Map<string, string[]>();
  for (const name of names) {
    const extension = extname(name);
    if (!pictureExtensions.has(extension.toLowerCase())) continue;
    const stem = name.slice(0, name.length - extension.length);
    const alike = pictures.get(stem);
    if (alike === undefined) pictures.set(stem, [name]);
    else alike.push(name);
  }
  return { names: new Set(names), pictures };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * The way from a folder down to an absolute path, with forward slashes; undefined where it does not
 * lie below. Windows' drives and folders are compared as Windows does.
 */
export function wayBelow(root: string, path: string): string | undefined {
  const { relative, isAbsolute: isRooted } = /^[a-z]:|\\/i.test(path) ? win32 : posix;
  const way = relative(root, path).replaceAll("\\", "/");
  return way === "" || way.startsWith("../") || way === ".." || isRooted(way) || isAbsolute(way) ? undefined : way;
}
