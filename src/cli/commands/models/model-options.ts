/** What the commands about registered models have in common. */
import { AppError } from "../../../base/errors.ts";
import type { ModelRegistry } from "../../../registry/model-registry.ts";
import { openModelRegistry } from "../../../wire/tracking.ts";
import type { CommandContext, OptionValues } from "../../frame/command.ts";
import { type storeOptions, trackingAccessFor } from "../../tracking-options.ts";

/** Calls `work` with the registry of the flags, the environment and `pawprint.yaml`, and closes it. */
export async function withRegistry<T>(
  context: Pick<CommandContext, "cwd" | "env">,
  options: Partial<OptionValues<typeof storeOptions>>,
  work: (registry: ModelRegistry) => Promise<T>,
): Promise<T> {
  const registry = await openModelRegistry(await trackingAccessFor(context, options));
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

/** `team=pets`, each. Errors: CLI_USAGE. */
export function tagsIn(texts: readonly string[], where: string): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new AppError("CLI_USAGE", {
        required: "KEY=VALUE",
        received: JSON.stringify(text),
        where,
        hint: "for example team=pets",
      });
    }),
  );
}
