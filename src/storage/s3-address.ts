/** Addresses in an S3-compatible object store: `s3://bucket/prefix`. */

export interface S3Address {
  readonly bucket: string;
  /** Empty, or ending with a slash: `pets` holds `pets/a.jpg` and not `pets2/a.jpg`. */
  readonly prefix: string;
}

/** The form of an address, for error messages. */
export const s3AddressForm =
  "an address s3://BUCKET/PREFIX whose bucket has 3 to 255 letters, digits, dots and dashes" as const;

/** True for text with the scheme `s3://`, whatever stands behind it. */
export function isS3Address(text: string): boolean {
  return /^s3:\/\//i.test(text);
}

/**
 * Undefined for text of another form; do not show such text, it may hold a password. Letters of any
 * case and underscores were allowed in names of old buckets.
 */
export function parseS3Address(text: string): S3Address | undefined {
  const [, bucket, rest = ""] = /^s3:\/\/([\w.-]{3,255})(?:\/(.*))?$/is.exec(text) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix: rest === "" || rest.endsWith("/") ? rest : `${rest}/` };
}
