/** API keys: creating, storing and verifying them. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Static, Type } from "typebox";
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import { AppError } from "../../base/errors.ts";
import { literals } from "../../base/schema/literals.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import { expectedOf, schemaFault } from "../../base/schema/schema-fault.ts";
import { shellPath } from "../../base/shell-word.ts";

export const keyScopes = ["predict", "admin"] as const;
export type KeyScope = (typeof keyScopes)[number];

const ApiKey = Type.Object(
  {
    /** 12 hexadecimal digits; stands in the key itself and in the log. */
    id: Type.String({ pattern: "^[0-9a-f]{12}$" }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** SHA-256 of the secret, hexadecimal. */
    hash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    scopes: Type.Array(literals(keyScopes), { minItems: 1 }),
    /** ISO 8601, as the others. */
    createdAt: Type.String(),
    expiresAt: Type.Optional(Type.String()),
    revokedAt: Type.Optional(Type.String()),
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

const KeyFile = Type.Object({ format: Type.Literal(1), keys: Type.Array(ApiKey) }, { additionalProperties: false });

export type ApiKey = Static<typeof ApiKey>;

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly requestsPerMinute?: number | undefined;
  /** ISO 8601 */
  readonly expiresAt?: string | undefined;
}

/**
 * Makes a key of 256 random bits. `text` is what the caller sends, `pawprint_<id>_<secret>`; it is
 * shown once and never stored. A secret of that size cannot be guessed, so unlike a password it
 * needs no salt and no slow hash.
 */
export function createKey(wanted: NewKey, now: Date): { readonly text: string; readonly key: ApiKey } {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  const key: ApiKey = {
    id,
    name: wanted.name,
    hash: hashOf(secret).toString("hex"),
    scopes: [...wanted.scopes],
    createdAt: now.toISOString(),
    ...(wanted.expiresAt !== undefined && { expiresAt: wanted.expiresAt }),
    ...(wanted.requestsPerMinute !== undefined && { requestsPerMinute: wanted.requestsPerMinute }),
  };
  return { text: `pawprint_${id}_${secret}`, key };
}

/** Why a key is refused. */
export type KeyRefusal = "unknown" | "revoked" | "expired";

/** The key with the text `presented`, or why it is refused. Hashes are compared in constant time. */
export function findKey(keys: ReadonlyMap<string, ApiKey>, presented: string, now: Date): ApiKey | KeyRefusal {
  const [, id = "", secret = ""] = /^pawprint_([0-9a-f]{12})_([\w-]{43})$/.exec(presented) ?? [];
  const key = keys.get(id);
  if (key === undefined || !timingSafeEqual(Buffer.from(key.hash, "hex"), hashOf(secret))) return "unknown";
  if (key.revokedAt !== undefined) return "revoked";
  // An expiry that is no date counts as past.
  return key.expiresAt !== undefined && !(Date.parse(key.expiresAt) > now.getTime()) ? "expired" : key;
}

/** Errors: KEYS_INVALID. */
export function parseKeyFile(text: string, where: string): readonly ApiKey[] {
  let value: unknown;
  try {
    value = parseBoundedJson(text);
  } catch (cause) {
    throw new AppError("KEYS_INVALID", { required: "a key file in JSON", received: jsonFaultOf(cause), where, cause });
  }
  if (matchesSchema(KeyFile, value)) return value.keys;
  const fault = schemaFault(KeyFile, value);
  throw new AppError("KEYS_INVALID", {
    required: `${fault ? expectedOf(fault, "") : "a key file of format 1"}`,
    where,
    hint: `move it away, and make another with: pawprint keys create NAME --file ${shellPath(where)}`,
  });
}

export function renderKeyFile(keys: readonly ApiKey[]): string {
  return `${JSON.stringify({ format: 1, keys }, null, 2)}\n`;
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
