/** Which column or key of a manifest means what. */
import { quoted } from "../label.ts";
import { manifestInvalid } from "./manifest-errors.ts";

/** Names by role, as they are asked for in messages; the first list that has one of them counts. */
const namesOf = {
  path: [
    ["path", "file", "filename", "image"],
    ["filepath", "imagepath", "imgpath", "imagefile", "imagename", "img", "picture"],
    ["id", "imageid", "imgid", "idcode", "name"],
  ],
  label: [
    ["label", "class", "target"],
    ["labels", "category", "classname", "labelname"],
  ],
  split: [["split"], ["subset", "partition"]],
} as const;

type Role = keyof typeof namesOf;

export interface ManifestColumns {
  readonly path: number;
  /** Absent only where labels are not asked for. */
  readonly label?: number;
  readonly split?: number;
}

export const columnsWanted = `${namesOf.path[0].join("|")} and ${namesOf.label[0].join("|")}`;

export interface ColumnOptions {
  readonly guesses?: boolean;
  readonly needsLabel?: boolean;
}

/**
 * Where the path, the label and the split stand. Of two columns of which one is known, the other is
 * what is missing (`id,breed`), unless `guesses` is false: objects may differ from line to line. One role under two names is refused: nobody can tell which one is
 * meant. Errors: MANIFEST_INVALID.
 */
export function findColumns(
  names: readonly string[],
  what: string,
  where: string,
  { guesses = true, needsLabel = true }: ColumnOptions = {},
): ManifestColumns {
  const required = `${what} ${columnsWanted}`;
  const plain = names.map((name) => name.toLowerCase().replace(/[\s_-]/g, ""));
  const find = (role: Role): number | undefined => {
    for (const known of namesOf[role]) {
      const aliases: readonly string[] = known;
      const found = plain.flatMap((name, at) => (aliases.includes(name) ? [at] : []));
      if (found.length > 1) {
        const twice = found.map((at) => quoted(names[at]!)).join(" and ");
        throw manifestInvalid(required, `${twice}, which mean the same`, where, "rename those that are not meant");
      }
      if (found.length === 1) return found[0];
    }
    return undefined;
  };
  const split = find("split");
  const other = (known: number | undefined): number | undefined => {
    const left = names.flatMap((_, at) => (at === known || at === split ? [] : [at]));
    return guesses && known !== undefined && left.length === 1 ? left[0] : undefined;
  };
  const [knownPath, knownLabel] = [find("path"), find("label")];
  const path = knownPath ?? other(knownLabel);
  const label = knownLabel ?? other(knownPath);
  if (path === undefined || (label === undefined && needsLabel)) {
    throw manifestInvalid(required, quoted(names.join(", ")), where, "for example: path,label,split");
  }
  return { path, ...(label !== undefined && { label }), ...(split !== undefined && { split }) };
}
