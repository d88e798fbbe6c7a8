/** Addresses of pictures in an object store: `s3://bucket/prefix`. */
import { AppError } from "../../base/errors.ts";

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ending with a slash: `pets` holds `pets/a.jpg` and not `pets2/a.jpg`. */
  readonly prefix: string;
}

/** True for what is an address and no path of this machine. */
export function isS3Location(location: string): boolean {
  return /^s3:\/\//i.test(location);
}

/**
 * The parts of an address. Letters of any case and underscores were allowed in names of old
 * buckets.
 * Errors: DATASET_SOURCE_UNKNOWN, without the text, which may hold a password.
 */
export function parseS3Location(location: string): S3Location {
  const [, bucket, rest = ""] = /^s3:\/\/([\w.-]{3,255})(?:\/(.*))?$/is.exec(location) ?? [];
  if (bucket === undefined) {
    throw new AppError("DATASET_SOURCE_UNKNOWN", {
      required: "an address s3://BUCKET/PREFIX whose bucket has 3 to 255 letters, digits, dots and dashes",
      received: "another text behind s3://",
      hint: "credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE), never from the address",
    });
  }
  return { bucket, prefix: rest === "" || rest.endsWith("/") ? rest : `${rest}/` };
}
