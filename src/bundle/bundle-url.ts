/** The address of a bundle on a web server: `https://HOST/NAME.onnx#sha256=HEX`. */
import { AppError } from "../base/errors.ts";

export interface BundleUrl {
  /** What is asked for: without user, password and hash. */
  readonly url: string;
  /** 64 small hexadecimal digits. */
  readonly sha256: string;
  /** The value of the header `authorization`, where the address has a user or a password. */
  readonly authorization?: string;
  /** The address as it may be shown: without user, password and query, which may hold a signature. */
  readonly shown: string;
  /** The last part of its path: `pets.onnx`. */
  readonly fileName: string;
}

/** Whether a text is meant as one, well-formed or not. */
export function isBundleUrl(text: string): boolean {
  return /^https?:/i.test(text);
}

/** `noun` is what the file is, in errors. Errors: MODEL_SOURCE_INVALID. */
export function parseBundleUrl(text: string, noun = "bundle"): BundleUrl {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw invalid(noun, "no address of that form");
  const url = new URL(text);
  const { username, password, hash } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  const plain = `${url.origin}${url.pathname}${url.search === "" ? "" : "?..."}`;
  const sha256 = /^#sha256=([0-9a-f]{64})$/i.exec(hash)?.[1]?.toLowerCase();
  if (sha256 === undefined) {
    throw invalid(
      noun,
      hash === "" ? "one without #sha256=" : "one whose #sha256= is not followed by 64 hexadecimal digits",
      plain,
    );
  }
  const user = `${decoded(username)}:${decoded(password)}`;
  return {
    url: url.href,
    sha256,
    ...(user !== ":" && { authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
    shown: `${plain}#sha256=${sha256}`,
    fileName: decoded(url.pathname.split("/").at(-1)!),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(noun: string, received: string, where?: string): AppError {
  return new AppError("MODEL_SOURCE_INVALID", {
    required: `the address of a ${noun} with its SHA-256, https://HOST/NAME.onnx#sha256=HEX`,
    received,
    ...(where !== undefined && { where }),
    hint: `\`sha256sum NAME.onnx\` prints it, of the file as it was published; so does \`pawprint ${noun === "bundle" ? "" : "backbone "}inspect NAME.onnx --json\``,
  });
}
