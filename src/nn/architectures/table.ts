/** Every architecture by name. A new one is one file and one row here. */
import { AppError } from "../../base/errors.ts";
import { nearestName } from "../../base/nearest.ts";
import type { Architecture, Network } from "./architecture.ts";
import { cnn } from "./cnn.ts";
import { mobilenet } from "./mobilenet.ts";
import { resnet } from "./resnet.ts";

export type { Architecture, Network } from "./architecture.ts";

/** Every architecture that a network can be made of by name. */
export const architectures: readonly Architecture[] = [cnn, resnet, mobilenet];

/**
 * The network of this name, with defaults for the options that are not given.
 * Throws ARCHITECTURE_UNKNOWN, CONFIG_UNKNOWN_KEY or CONFIG_INVALID.
 */
export function createNetwork(name: string, options: Readonly<Record<string, unknown>> = {}): Network {
  const architecture = architectures.find((candidate) => candidate.name === name);
  if (architecture) return architecture.configure(options);
  const names = architectures.map((candidate) => candidate.name);
  const nearest = nearestName(name, names);
  throw new AppError("ARCHITECTURE_UNKNOWN", {
    required: `an architecture: ${names.join(", ")}`,
    received: `'${name}'`,
    ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
  });
}
