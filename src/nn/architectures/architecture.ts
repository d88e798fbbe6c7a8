/**
 * What an architecture is: a name, a schema of its options, and a pure function from a scope to
 * logits.
 */
import type { Static, TObject } from "typebox";
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { describeSchema } from "../../base/schema/describe-schema.ts";
import { jsonSchemaOf } from "../../base/schema/json-schema.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import type { Value } from "../../graph/value.ts";
import type { Normalization, PictureSize } from "../picture-tensor.ts";
import type { Scope } from "../scope.ts";

export interface ArchitectureDefinition<T extends TObject> {
  readonly name: string;
  /** One sentence for help texts. */
  readonly doc: string;
  /** Every option has a default. */
  readonly options: T;
  /** The smallest side, in pixels, of pictures that the network can take. */
  minimumSide(options: Static<T>): number;
  /** Builds the network: pictures float32 `[N,C,H,W]` to logits `[N,classes]`. */
  build(scope: Scope, pictures: Value, classes: number, options: Static<T>): Value;
}

/** An architecture with its options filled in. */
export interface Network {
  readonly architecture: string;
  /** All options, defaults included: plain JSON for metadata and checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * The normalisation that its weights were trained with, as of a backbone; measured on the
   * training pictures unless given.
   */
  readonly normalization?: Normalization;
  build(scope: Scope, pictures: Value, classes: number): Value;
  /** Throws CONFIG_INVALID for pictures that the network cannot take. */
  checkSize(size: PictureSize): void;
}

/** A family of networks: its name, options and how a network is made of them. */
export interface Architecture {
  readonly name: string;
  readonly doc: string;
  readonly options: TObject;
  /**
   * Fills in defaults. Throws CONFIG_UNKNOWN_KEY or CONFIG_INVALID for options that it does not
   * take.
   */
  configure(options?: Readonly<Record<string, unknown>>): Network;
}

/** Enters an architecture: its options are checked here, so that `build` may trust them. */
export function defineArchitecture<T extends TObject>(definition: ArchitectureDefinition<T>): Architecture {
  const { name, doc, options: schema } = definition;
  return {
    name,
    doc,
    options: schema,
    configure: (given = {}) => {
      const options = parseOptions(name, schema, given);
      return {
        architecture: name,
        options,
        build: (scope, pictures, classes) => definition.build(scope, pictures, classes, options),
        checkSize: ({ height, width }) => {
          const side = definition.minimumSide(options);
          if (Math.min(height, width) >= side) return;
          throw new AppError("CONFIG_INVALID", {
            required: `architecture '${name}' with these options halves the picture until nothing is left below ${side}x${side} pixels`,
            received: `pictures of ${width}x${height} pixels`,
            hint: `use pictures of at least ${side} pixels a side, or fewer stages`,
          });
        },
      };
    },
  };
}

function parseOptions<T extends TObject>(
  name: string,
  schema: T,
  given: Readonly<Record<string, unknown>>,
): Static<T> & Record<string, unknown> {
  const where = `architecture '${name}'`;
  for (const key of Object.keys(given)) {
    if (key in schema.properties) continue;
    const hint = hintForName(key, Object.keys(schema.properties));
    throw new AppError("CONFIG_UNKNOWN_KEY", {
      required: "an option that the architecture takes",
      received: key,
      where,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const options = Object.fromEntries(
    Object.entries(schema.properties).map(([key, part]) => {
      const value = given[key] ?? structuredClone(jsonSchemaOf(part).default);
      if (matchesSchema(part, value)) return [key, value];
      throw new AppError("CONFIG_INVALID", {
        required: `${describeSchema(part)} for option ${key}`,
        received: JSON.stringify(value),
        where,
      });
    }),
  );
  return options as Static<T> & Record<string, unknown>; // each property was checked above
}
