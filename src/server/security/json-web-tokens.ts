/**
 * JSON Web Tokens of an identity provider: signature, issuer, audience and times are checked by
 * jose. Loaded only where it is configured.
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { AppError } from "../../base/errors.ts";
import { readText } from "../../base/files/read-file.ts";

export interface TokenOptions {
  /** Where the provider publishes its keys; one of the two. */
  readonly jwksUrl?: string;
  readonly jwksFile?: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim with the scopes: a text with spaces, or a list. */
  readonly scopesClaim: string;
}

export interface TokenHolder {
  /** The token's subject. */
  readonly id: string;
  readonly scopes: readonly string[];
}

/** Signatures by a private key only: with HS256 whoever knows the public keys could sign. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const toleranceSeconds = 30;

/**
 * Tells whose a token is. The function's errors: UNAUTHENTICATED, KEY_SERVER_UNAVAILABLE. Errors
 * here: CONFIG_INVALID, FILE_NOT_FOUND.
 */
export async function openTokenVerifier(options: TokenOptions): Promise<(token: string) => Promise<TokenHolder>> {
  const { issuer, audience, scopesClaim } = options;
  const keys = await keysFrom(options);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms,
        clockTolerance: toleranceSeconds,
        requiredClaims: ["exp", "sub"],
      });
      return { id: String(payload.sub), scopes: scopesFrom(payload[scopesClaim]) };
    } catch (cause) {
      throw tokenFault(cause);
    }
  };
}

async function keysFrom({ jwksUrl, jwksFile }: TokenOptions): Promise<JWTVerifyGetKey> {
  if ((jwksUrl === undefined) === (jwksFile === undefined)) {
    throw new AppError("CONFIG_INVALID", {
      required: "either jwksUrl or jwksFile in serve.jwt",
      received: jwksUrl === undefined ? "neither" : "both",
    });
  }
  if (jwksUrl !== undefined) return createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5000 });
  const path = jwksFile!;
  const text = await readText(path);
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet); // jose refuses what is none
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", { required: 'a JSON Web Key Set, {"keys": [...]}', where: path, cause });
  }
}

function scopesFrom(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === "string") : [];
}

/** jose's own messages are passed on: they hold nothing of the token. */
function tokenFault(cause: unknown): AppError {
  const isFault =
    cause instanceof errors.JOSEError &&
    !(cause instanceof errors.JWKSTimeout) &&
    !(cause instanceof errors.JWKSInvalid);
  // jose throws its plain JOSEError where the key server answers something else than 200.
  if (isFault && cause.code !== "ERR_JOSE_GENERIC") {
    return new AppError("UNAUTHENTICATED", {
      required: "a valid token",
      received: `one that is refused: ${cause.message}`,
      cause,
    });
  }
  return new AppError("KEY_SERVER_UNAVAILABLE", {
    required: "the identity provider's keys, to check a token",
    received: "no usable answer",
    cause,
  });
}
