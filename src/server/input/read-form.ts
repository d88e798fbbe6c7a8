/** Parses a complete form (multipart/form-data, RFC 7578) into files and fields. */
import { Busboy } from "@fastify/busboy";
import { AppError, isAppError } from "../../base/errors.ts";

export interface FormFile {
  /** The file's name, or the field's where it has none. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Form {
  readonly files: readonly FormFile[];
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

const maximumFields = 8;

/**
 * Errors: REQUEST_INVALID for bytes that are no such form, REQUEST_TOO_LARGE above `maximumFiles`.
 */
export function readForm(bytes: Uint8Array, contentType: string, maximumFiles: number): Promise<Form> {
  return new Promise((resolve, reject) => {
    const files: FormFile[] = [];
    const fields: { name: string; value: string }[] = [];
    const refuse = (error: unknown): void => reject(isAppError(error) ? error : broken(error));
    const tooMany = (what: string) => (): void =>
      reject(
        new AppError("REQUEST_TOO_LARGE", {
          required: `at most ${what} in a form`,
          received: "more of them",
          where: "form",
        }),
      );
    try {
      requireFewParts(bytes, maximumFiles + maximumFields);
      const form = new Busboy({
        headers: { "content-type": contentType },
        limits: { files: maximumFiles, fields: maximumFields, fieldSize: 4096, headerPairs: 20, headerSize: 8192 },
      });
      form.on("file", (field, stream, filename) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", refuse);
        stream.on("end", () => {
          // A part may lack both names, whatever the types say.
          const name = filename || field || "file";
          files.push({ name: name.slice(0, 120), bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) });
        });
      });
      form.on("field", (name, value) => fields.push({ name: name ?? "", value }));
      form.on("filesLimit", tooMany(`${maximumFiles} files`));
      form.on("fieldsLimit", tooMany(`${maximumFields} fields`));
      form.on("error", refuse);
      form.on("finish", () => resolve({ files, fields }));
      form.end(bytes);
    } catch (error) {
      refuse(error); // no boundary in the content type
    }
  });
}

/**
 * The beginning of every delimiter but the first, whatever the boundary. In random bytes, as those
 * of pictures, it occurs once in 4 GiB.
 */
const delimiter = Buffer.from("\r\n--");

/**
 * Checked before parsing, since the parser makes a stream for every delimiter, even of parts that
 * it refuses.
 * Errors: REQUEST_TOO_LARGE.
 */
function requireFewParts(bytes: Uint8Array, maximum: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // The first delimiter may stand at the very beginning; the last one ends the form.
  let left = maximum + 1 + Math.floor(bytes.length / 1024);
  for (let at = buffer.indexOf(delimiter); at >= 0; at = buffer.indexOf(delimiter, at + delimiter.length)) {
    if (--left >= 0) continue;
    throw new AppError("REQUEST_TOO_LARGE", {
      required: `at most ${maximum} parts in a form`,
      received: "more of them",
      where: "form",
    });
  }
}

function broken(cause: unknown): AppError {
  return new AppError("REQUEST_INVALID", {
    required: "a complete form, multipart/form-data with its boundary",
    received: cause instanceof Error ? `the parser's error '${cause.message}'` : "something else",
    where: "form",
    hint: "with curl: -F file=@cat.jpg",
    cause,
  });
}
