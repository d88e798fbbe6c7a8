/**
 * What makes the plain data of a request from its body: functions of bytes alone, so that a thread
 * can run them.
 */
import { type InferBodyOptions, type InferRequest, parsedInferBytes, readInferRequest } from "./read-infer-request.ts";
import { type InvocationRequest, readInvocation } from "./read-invocation.ts";
import { type PictureBodyOptions, type PictureRequest, parsedPictureBytes, readPictures } from "./read-pictures.ts";

/** By the protocol that a body is written in. */
interface BodyKinds {
  readonly pictures: { readonly options: PictureBodyOptions; readonly request: PictureRequest };
  readonly inference: { readonly options: InferBodyOptions; readonly request: InferRequest };
  readonly invocation: { readonly options: { readonly limit: number }; readonly request: InvocationRequest };
}

export type BodyKind = keyof BodyKinds;
export type BodyOptions<Kind extends BodyKind> = BodyKinds[Kind]["options"];
export type ReadBody<Kind extends BodyKind> = BodyKinds[Kind]["request"];

interface BodyReader<Kind extends BodyKind> {
  read(bytes: Uint8Array, options: BodyOptions<Kind>): ReadBody<Kind> | Promise<ReadBody<Kind>>;
  /** Bytes that `read` looks at; the others it only hands on. */
  parsedBytes(bytes: Uint8Array, options: BodyOptions<Kind>): number;
}

export const bodyReaders: { readonly [Kind in BodyKind]: BodyReader<Kind> } = {
  pictures: { read: readPictures, parsedBytes: parsedPictureBytes },
  inference: { read: readInferRequest, parsedBytes: parsedInferBytes },
  invocation: { read: readInvocation, parsedBytes: (bytes) => bytes.length },
};

/** A body on its way to the thread that reads it. */
export type BodyTask<Kinds extends BodyKind = BodyKind> = {
  readonly [Kind in Kinds]: {
    readonly kind: Kind;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly options: BodyOptions<Kind>;
  };
}[Kinds];

/**
 * The same bytes in memory that holds nothing else, to be handed over: a view would send all of the
 * memory that it is a part of, and some memory cannot be sent.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}
