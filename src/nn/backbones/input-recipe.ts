/**
 * How a backbone takes pictures: size, layout, order of the colours, normalisation. An ONNX file does
 * not say it, and a wrong guess costs accuracy without an error, so it is always declared.
 */
import { type Static, Type } from "typebox";
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError } from "../../base/errors.ts";
import type { DeepReadonly } from "../../base/freeze.ts";
import { nearestName } from "../../base/nearest.ts";
import { literals } from "../../base/schema/literals.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { recipeFits } from "../../image/recipe.ts";

const side = Type.Integer({ minimum: 8, maximum: 4096 });
const perChannel = (minimum: number) =>
  Type.Array(Type.Number({ minimum, maximum: 1000 }), { minItems: 1, maxItems: 3 });

/** Of `PATH.backbone.json`, of the metadata `pawprint.backbone`, and of the flag as JSON. */
export const backboneInputSchema = Type.Object(
  {
    height: side,
    width: side,
    channels: Type.Union([Type.Literal(1), Type.Literal(3)]),
    layout: literals(["nchw", "nhwc"]),
    order: literals(["rgb", "bgr"]),
    /** Of each channel, of pixel values from 0 to 1; subtracted. */
    mean: perChannel(-1000),
    /** Divided by. */
    std: perChannel(1e-6),
    fit: literals(recipeFits),
  },
  { additionalProperties: false },
);

/** How pictures enter a backbone: (pixel / 255 - mean) / std of each channel, in a layout. */
export type BackboneInput = DeepReadonly<Static<typeof backboneInputSchema>>;

/** What is known of a backbone besides its graph. */
export const backboneCardSchema = Type.Object(
  {
    input: Type.Optional(backboneInputSchema),
    /** The value whose numbers are the features, by its name in the file. */
    layer: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** As SPDX names it: `Apache-2.0`. */
    licence: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
    sha256: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
  },
  { additionalProperties: false },
);
/** What a side-car file, or the metadata of a file, says of a backbone. */
export type BackboneCard = DeepReadonly<Static<typeof backboneCardSchema>>;

/** Normalisations that have a name, for three channels. */
export const normalizationPresets = {
  /** torchvision, timm and most files that come from PyTorch. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** x / 127.5 - 1: TensorFlow's MobileNets, Inception, EfficientNetV2. */
  "minus-one-to-one": { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "zero-to-one": { mean: [0, 0, 0], std: [1, 1, 1] },
  /** 0 to 255, as they are: Keras' EfficientNet, which normalises in its graph. */
  bytes: { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
} as const;

type PresetName = keyof typeof normalizationPresets;

/** What the graph itself says: the size and the layout, where its input tells them. */
export interface InputShape {
  readonly height?: number;
  readonly width?: number;
  readonly channels?: number;
  readonly layout?: "nchw" | "nhwc";
}

/**
 * The recipe of a backbone from what was declared: the name of a normalisation (`imagenet`), with
 * parts behind it (`imagenet,bgr,nhwc,256x256`), or the whole as JSON. What is left out follows from the shape of the
 * graph's input; RGB and `cover` are usual.
 * Errors: BACKBONE_INPUT for text that is none of them, or where the size stays unknown.
 */
export function parseBackboneInput(text: string, shape: InputShape, where: string): BackboneInput {
  if (text.trimStart().startsWith("{")) return readBackboneInput(parseJson(text, where), where);
  const [preset = "", ...parts] = text.split(",").map((part) => part.trim());
  if (!Object.hasOwn(normalizationPresets, preset)) {
    const names = Object.keys(normalizationPresets);
    const nearest = nearestName(preset, names);
    throw new AppError("BACKBONE_INPUT", {
      required: `a normalisation (${names.join(", ")}), or the input recipe as JSON`,
      received: `'${preset}'`,
      where,
      hint: nearest === undefined ? inputHint : `did you mean ${nearest}?`,
    });
  }
  const { mean, std } = normalizationPresets[preset as PresetName]; // checked above
  const given: Record<string, unknown> = {};
  for (const part of parts) Object.assign(given, readPart(part, where));
  const { height, width, channels = 3, layout = "nchw" } = { ...shape, ...given };
  if (height === undefined || width === undefined) {
    throw new AppError("BACKBONE_INPUT", {
      required: "the size of the pictures that the backbone takes, which its graph leaves open",
      received: text,
      where,
      hint: `give it too: ${preset},224x224`,
    });
  }
  const sized = { height, width, channels, layout, order: "rgb", fit: "cover", ...given };
  return readBackboneInput({ ...sized, mean: mean.slice(0, channels), std: std.slice(0, channels) }, where);
}

/** For whoever has to declare a recipe. */
export const inputHint =
  "say how it takes pictures, as its authors document it: `backboneInput` imagenet for files from PyTorch, minus-one-to-one (x/127.5-1) for TensorFlow's, zero-to-one, or bytes";

function readPart(part: string, where: string): Record<string, unknown> {
  if (part === "nchw" || part === "nhwc") return { layout: part };
  if (part === "rgb" || part === "bgr") return { order: part };
  if (recipeFits.some((fit) => fit === part)) return { fit: part };
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(part) ?? [];
  if (width !== undefined) return { width: Number(width), height: Number(height) };
  throw new AppError("BACKBONE_INPUT", {
    required: "a layout (nchw, nhwc), an order (rgb, bgr), a fit (cover, contain, stretch) or a size such as 224x224",
    received: `'${part}'`,
    where,
  });
}

/** A recipe from outside. Errors: BACKBONE_INPUT. */
export function readBackboneInput(value: unknown, where: string): BackboneInput {
  const fault = schemaFault(backboneInputSchema, value);
  if (fault) throw invalid(expectedOf(fault, "input"), fault.received, where);
  const input = value as BackboneInput; // checked in the line above
  for (const key of ["mean", "std"] as const) {
    if (input[key].length !== input.channels) {
      throw invalid(`${input.channels} numbers as ${key}, one for each channel`, `${input[key].length}`, where);
    }
  }
  return input;
}

/** What a side-car file or metadata says. Errors: BACKBONE_INPUT. */
export function parseBackboneCard(text: string, where: string): BackboneCard {
  const value = parseJson(text, where);
  const fault = schemaFault(backboneCardSchema, value);
  if (fault) throw invalid(expectedOf(fault, ""), fault.received, where);
  const card = value as BackboneCard; // checked in the line above
  return card.input === undefined ? card : { ...card, input: readBackboneInput(card.input, where) };
}

function parseJson(text: string, where: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch (cause) {
    throw invalid("JSON", jsonFaultOf(cause), where, cause);
  }
}

function invalid(required: string, received: string, where: string, cause?: unknown): AppError {
  return new AppError("BACKBONE_INPUT", { required, received, where, hint: inputHint, cause });
}
