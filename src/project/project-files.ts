/**
 * The files of a project of one's own: the templates in `templates/project` with its values put in,
 * and the files of this repository that it has too.
 */
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../base/errors.ts";
import { readText } from "../base/files/read-file.ts";
import { readVersion } from "../base/version.ts";
import { asInProject, ownFiles } from "./own-files.ts";

export interface ProjectValues {
  /** A name for npm, a container image and Kubernetes alike. */
  readonly name: string;
  /** The version of Pawprint, or the address of its package, as package.json names it. */
  readonly pawprint: string;
}

export interface ProjectFile {
  /** From the project's folder, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly isExecutable: boolean;
}

/** Beside `src/` and `dist/` alike. */
const packageFolder = new URL("../../", import.meta.url);
const templatesFolder = new URL("templates/project/", packageFolder);

/** All files, by path. Errors: FILE_READ_FAILED; CONFIG_INVALID as `projectName`. */
export async function projectFiles(values: ProjectValues): Promise<readonly ProjectFile[]> {
  // It stands in package.json alone, within a JSON text.
  const known = {
    name: projectName(values.name),
    pawprint: JSON.stringify(values.pawprint).slice(1, -1),
    version: await readVersion(),
  };
  const root = fileURLToPath(templatesFolder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async (entry): Promise<ProjectFile> => {
      const from = join(entry.parentPath, entry.name);
      const template = await readText(from);
      const { mode } = await stat(from);
      return {
        path: targetOf(from.slice(root.length).split(sep).join("/")),
        text: render(template, known),
        isExecutable: (mode & 0o100) !== 0 || from.endsWith(".sh"),
      };
    });
  const own = ownFiles.map(async (file): Promise<ProjectFile> => {
    const text = await readText(fileURLToPath(new URL(file.path, packageFolder)));
    return {
      path: file.path,
      text: asInProject(file, text, known.name),
      isExecutable: file.path.endsWith(".sh"),
    };
  });
  return (await Promise.all([...files, ...own])).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** npm leaves `.gitignore` and `.npmrc` out of packages: templates have `dot-` in place of the dot. */
function targetOf(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => part.replace(/^dot-/, "."))
    .join("/");
}

function render(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([a-z]+)@/g, (token, key: string) => values[key] ?? token);
}

/**
 * A name that npm, container registries and Kubernetes take: letters, digits and hyphens.
 * Errors: CONFIG_INVALID.
 */
export function projectName(name: string): string {
  if (/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name) && !reserved.has(name)) return name;
  throw new AppError("CONFIG_INVALID", {
    required: "a project name of 1 to 40 small letters, digits and hyphens, from a letter to a letter or digit",
    received: reserved.has(name) ? `${name}, which the toolchain itself is called` : JSON.stringify(name),
    where: "NAME",
    hint: "such as my-pets",
  });
}

const reserved = new Set(["pawprint"]);
