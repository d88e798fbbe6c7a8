/**
 * The pictures of a request, whatever form they came in: JSON, a form with files, or a picture file
 * as the body.
 */
import { AppError } from "../../base/errors.ts";
import { predictionRoutes } from "../contract/prediction-routes.ts";
import { compileCheck } from "../http/validate.ts";
import { readNumericPicture } from "./numeric-json.ts";
import { parseJson } from "./parse-json.ts";
import { type PictureInput, requireFewPictures } from "./picture-input.ts";
import { pixelsFromNumbers } from "./pixels-from-numbers.ts";
import { readForm } from "./read-form.ts";
import { readJsonPicture } from "./read-picture-json.ts";

export interface PictureRequest {
  readonly pictures: readonly PictureInput[];
  /** True where the request held a list, so that a list answers it, however short. */
  readonly isList: boolean;
  readonly topK: number | undefined;
}

const checkPredictBody = compileCheck(predictionRoutes.predict.body["application/json"], "body");

export interface PictureBodyOptions {
  /** "" where the request names none. */
  readonly contentType: string;
  /** The number of pictures that a request may hold. */
  readonly limit: number;
}

/**
 * Reads the body of a route that takes pictures. Errors: REQUEST_INVALID, REQUEST_TOO_LARGE.
 */
export async function readPictures(
  body: Uint8Array,
  { contentType, limit }: PictureBodyOptions,
): Promise<PictureRequest> {
  if (isJson(contentType)) return readJson(body, limit);
  if (isForm(contentType)) return readFormPictures(body, contentType, limit);
  if (body.length === 0) throw nothingSent();
  return { pictures: [{ kind: "file", bytes: body, where: "body" }], isList: false, topK: undefined };
}

/** How much of a body `readPictures` looks at: nothing of a picture file. */
export function parsedPictureBytes(body: Uint8Array, { contentType }: PictureBodyOptions): number {
  return isJson(contentType) || isForm(contentType) ? body.length : 0;
}

function isJson(contentType: string): boolean {
  return /^application\/json\b/i.test(contentType);
}

function isForm(contentType: string): boolean {
  return /^multipart\/form-data\b/i.test(contentType);
}

function readJson(bytes: Uint8Array, limit: number): PictureRequest {
  const plain = readNumericPicture(bytes);
  if (plain) {
    const { values, shape, topK } = plain;
    const pixels = pixelsFromNumbers(values, "image");
    return { pictures: [{ kind: "pixels", pixels, shape, where: "image" }], isList: false, topK };
  }
  const { image, images, top_k: topK } = checkPredictBody(parseJson(bytes));
  if ((image === undefined) === (images === undefined)) {
    throw new AppError("REQUEST_INVALID", {
      required: "either image or images",
      received: image === undefined ? "neither" : "both",
      where: "body",
      hint: 'send {"image": [[...]]} or {"images": [...]}',
    });
  }
  requireFewPictures(images?.length ?? 1, limit, "images");
  const pictures =
    images === undefined
      ? [readJsonPicture(image, "image")]
      : images.map((one, index) => readJsonPicture(one, `images[${index}]`));
  return { pictures, isList: images !== undefined, topK };
}

async function readFormPictures(bytes: Uint8Array, contentType: string, limit: number): Promise<PictureRequest> {
  const { files, fields } = await readForm(bytes, contentType, limit);
  let topK: number | undefined;
  for (const { name, value } of fields) {
    if (name !== "top_k") throw unknownField(name);
    topK = readTopK(value);
  }
  if (files.length === 0) throw nothingSent();
  const pictures = files.map((file): PictureInput => ({ kind: "file", bytes: file.bytes, where: file.name }));
  return { pictures, isList: pictures.length > 1, topK };
}

function readTopK(value: string): number {
  const topK = Number(value);
  if (Number.isInteger(topK) && topK >= 1 && topK <= 10_000) return topK;
  throw new AppError("REQUEST_INVALID", {
    required: "a whole number from 1 to 10000",
    received: JSON.stringify(value.slice(0, 80)),
    where: "top_k",
  });
}

function unknownField(name: string): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "picture files, and a field top_k",
    received: `a field '${name.slice(0, 40)}' without a file`,
    where: "form",
    hint: "with curl a file is -F file=@cat.jpg",
  });
}

/** For a request without a body. */
export function nothingSent(): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "a picture",
    received: "none",
    where: "body",
    hint: "curl --data-binary @cat.jpg -H 'content-type: image/jpeg'",
  });
}
