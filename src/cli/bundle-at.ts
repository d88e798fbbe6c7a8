/** Bundles that commands are given: a path, a URL with its SHA-256, or the address of a registered or logged model. */

import { isBundleUrl } from "../bundle/bundle-url.ts";
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
export const bundleDoc =
  "a bundle, as train writes it; or models:/NAME@ALIAS, models:/NAME/VERSION, runs:/ID/model, https://HOST/NAME.onnx#sha256=HEX";

export interface GivenBundle {
  readonly input: BundleInput;
  /** Its name in answers and errors: the path as given, the address of the version that was read, or the URL without what is secret. */
  readonly name: string;
  /** As it was given, without what is secret in a URL. */
  readonly given: string;
  /** Where it is a registered one. */
  readonly version?: ModelVersion;
}

/**
 * What an address leads to is read; a path is left to whoever opens the bundle. The settings of the
 * configuration stand where no flag is given.
 * Errors: those of `trackingAccessFor`, `readRegisteredBundle` and `readBundleAtUrl`.
 */
export async function bundleAt(
  context: Pick<CommandContext, "cwd" | "env" | "signal" | "progress">,
  given: string,
  options: { readonly trackingUri?: string | undefined },
): Promise<GivenBundle> {
  if (isBundleUrl(given)) {
    const { readBundleAtUrl } = await import("../wire/bundle-urls.ts");
    const { cwd: folder, signal, progress } = context;
    const { bytes, where } = await readBundleAtUrl(given, { folder, signal, progress });
    return { input: { bytes, where }, name: where, given: where };
  }
  if (!isModelAddress(given)) return { input: { path: pathFrom(context.cwd, given) }, name: given, given };
  const [{ trackingAccessFor }, { readRegisteredBundle }] = await Promise.all([
    import("./tracking-options.ts"),
    import("../wire/registered-bundles.ts"),
  ]);
  const { trackingUri } = options;
  const access = await trackingAccessFor(context, trackingUri === undefined ? {} : { trackingUri });
  const { bytes, where, version } = await readRegisteredBundle(given, access);
  return { input: { bytes, where }, name: where, given, ...(version && { version }) };
}
