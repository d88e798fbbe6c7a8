/** Bundles that commands are given: a path, or the address of a registered or logged model. */
import type { BundleInput } from "../bundle/load-bundle.ts";
import { isModelAddress } from "../registry/model-address.ts";
import type { ModelVersion } from "../registry/model-registry.ts";
import type { CommandContext, OptionSpec } from "./frame/command.ts";
import { pathFrom } from "./paths.ts";

/** For commands that read no configuration, and so start sooner; with an address they do. */
export const placeOption = {
  name: "trackingUri",
  type: "string",
  placeholder: "URI",
  doc: "folder or MLflow server of models:/ and runs:/ addresses; MLFLOW_TRACKING_URI, else runs/",
} as const satisfies OptionSpec;

/** How the argument of such a command is explained. */
export const bundleDoc = "a bundle, as train writes it; or models:/NAME@ALIAS, models:/NAME/VERSION, runs:/ID/model";

export interface GivenBundle {
  readonly input: BundleInput;
  /** Its name in answers and errors: the path as given, or the address of the version that was read. */
  readonly name: string;
  /** Where it is a registered one. */
  readonly version?: ModelVersion;
}

/**
 * What an address leads to is read; a path is left to whoever opens the bundle. The settings of the
 * configuration stand where no flag is given.
 * Errors: those of `trackingAccessFor` and `readRegisteredBundle`.
 */
export async function bundleAt(
  context: Pick<CommandContext, "cwd" | "env">,
  given: string,
  options: { readonly trackingUri?: string | undefined },
): Promise<GivenBundle> {
  if (!isModelAddress(given)) return { input: { path: pathFrom(context.cwd, given) }, name: given };
  const [{ trackingAccessFor }, { readRegisteredBundle }] = await Promise.all([
    import("./tracking-options.ts"),
    import("../wire/registered-bundles.ts"),
  ]);
  const { trackingUri } = options;
  const access = await trackingAccessFor(context, trackingUri === undefined ? {} : { trackingUri });
  const { bytes, where, version } = await readRegisteredBundle(given, access);
  return { input: { bytes, where }, name: where, ...(version && { version }) };
}
