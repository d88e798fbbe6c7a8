/** Labelled pictures that a bundle answers: options of commands, and what they say with `pawprint.yaml`. */
import { AppError } from "../base/errors.ts";
import { type SourceOptions, sourceOptionsOf } from "../dataset/sources/source-options.ts";
import type { CommandContext, OptionSpec, OptionValues } from "./frame/command.ts";
import { loadPawprintConfig, readingOptions } from "./pawprint-config.ts";

export const strictOption = {
  name: "strict",
  type: "boolean",
  doc: "refuse the data at the first picture that cannot be used",
} as const satisfies OptionSpec;

/** `pictures`: which they are. */
export function labelledDataOptions(pictures = "labelled pictures") {
  return [
    {
      name: "data",
      type: "string",
      placeholder: "SOURCE",
      doc: `${pictures}, as for train --data; train.data of pawprint.yaml unless given`,
    },
    ...readingOptions,
    strictOption,
  ] as const satisfies readonly OptionSpec[];
}

export const splitOption = {
  name: "split",
  type: "choice",
  choices: ["test", "val", "train", "all"],
  default: "test",
  doc: "which pictures",
} as const satisfies OptionSpec;

export interface LabelledData {
  /** As it was given. */
  readonly data: string;
  readonly reading: SourceOptions;
}

/** Errors: CLI_USAGE where neither says which pictures; those of `loadPawprintConfig`. */
export async function labelledData(
  context: Pick<CommandContext, "cwd" | "env">,
  options: OptionValues<ReturnType<typeof labelledDataOptions>>,
  where: string,
): Promise<LabelledData> {
  const given = { data: options.data, ...sourceOptionsOf(options) };
  // The section may hold settings of training, too.
  const { data, ...settings } = (await loadPawprintConfig(context, "train", given)).train;
  if (data !== undefined) return { data, reading: sourceOptionsOf(settings) };
  throw new AppError("CLI_USAGE", {
    required: "labelled pictures by --data",
    received: "nothing",
    where,
    hint: "give --data SOURCE, or write train.data in pawprint.yaml",
  });
}
