/** Tags of logged models, and of registered versions, that say which bundle they hold. */
export const modelTags = {
  /** SHA-256 of the bundle's bytes, hexadecimal. */
  sha256: "pawprint.sha256",
  /** `pawprint.digest` of the bundle, which stays where another tool writes the file again. */
  digest: "pawprint.digest",
} as const;
