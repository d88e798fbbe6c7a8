/**
 * Examples of requests that any service answers, whatever its model: they hold a picture file, which
 * the recipe brings to the model's size.
 */
import type { TSchema } from "typebox";
import { jsonSchemaOf } from "../../base/schema/json-schema.ts";
import { type BinaryContent, type ExampleFile, isBinary } from "./route.ts";

/** An orange disc on blue: PNG, 16 x 16 pixels. */
export const examplePicture: ExampleFile = {
  mediaType: "image/png",
  base64:
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAANklEQVQoz2PQiJpGEmIYCA3PFtggIwIa0FRj6mEgqBpNDwMxqpH1DC8NJIcSOfFATkxTP/EBAPUsWHrF0onXAAAAAElFTkSuQmCC",
};

/** A JSON text as the body of another media type. */
export function exampleBytes(value: object, mediaType: string): ExampleFile {
  return { mediaType, base64: btoa(JSON.stringify(value)) };
}

/** The model that a service answers with. */
export interface ExampleModel {
  readonly name: string;
  readonly version: string;
}

/** A value for a parameter of a path, by its name. */
export function exampleParameter(name: string, model: ExampleModel | undefined): string | number | undefined {
  switch (name) {
    case "model":
      return model?.name;
    case "version":
      return model?.version;
    case "index":
      return 0;
    default:
      return undefined;
  }
}

/** The example of a JSON body, which its schema carries. */
export function exampleBody(part: TSchema | BinaryContent | undefined): unknown {
  return part === undefined || isBinary(part) ? undefined : jsonSchemaOf(part).examples?.[0];
}
