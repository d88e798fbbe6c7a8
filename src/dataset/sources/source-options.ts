/** How a source is read where its files leave room for more than one reading. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";

/** What folders can stand for. */
export const folderLayouts = ["classes", "splits"] as const;

/** A section of the configuration that names data takes these keys; descriptions are help texts. */
export const sourceOptionsSchema = Type.Object({
  layout: Type.Optional(
    literals(folderLayouts, {
      description:
        "what the outer folders are: classes, or splits with classes inside; told from their names unless given",
    }),
  ),
  followLinks: Type.Optional(
    Type.Boolean({ description: "enter folders that are symbolic links, and read files that links lead to outside" }),
  ),
  nameEncoding: Type.Optional(
    Type.String({
      minLength: 1,
      examples: ["gbk", "shift_jis"],
      description: "encoding of the names in an archive that does not say it, such as gbk or shift_jis",
    }),
  ),
  root: Type.Optional(
    Type.String({
      minLength: 1,
      description: "folder that a manifest's paths start from and may not leave; the manifest's own unless given",
    }),
  ),
});

export type SourceOptions = DeepReadonly<Static<typeof sourceOptionsSchema>>;

/** How a source is opened: as its user says, and by who asks for labels. */
export interface OpenOptions extends SourceOptions {
  /** Every picture is taken, with an empty label where the source gives it none of itself. */
  readonly labels?: "ignored";
}

/** The given ones among an object's keys, in the schema's order. */
export function sourceOptionsOf({
  layout,
  followLinks,
  nameEncoding,
  root,
}: {
  readonly [K in keyof SourceOptions]: SourceOptions[K] | undefined;
}): SourceOptions {
  return {
    ...(layout !== undefined && { layout }),
    ...(followLinks !== undefined && { followLinks }),
    ...(nameEncoding !== undefined && { nameEncoding }),
    ...(root !== undefined && { root }),
  };
}
