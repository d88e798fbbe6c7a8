/** What goes wrong between here and an MLflow server, as coded errors that name no password or token. */
import { AppError } from "../../base/errors.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { TransportFault } from "./http-exchange.ts";

/** The server may have carried out a request that must not be sent twice: look before repeating it. */
export class AmbiguousFailure extends AppError {
  readonly isAmbiguous = true;
}

/** Whether the server may have done what it was asked for, although the call failed. */
export function isAmbiguous(error: unknown): error is AmbiguousFailure {
  return error instanceof AmbiguousFailure;
}

/** MLflow's refusal: `{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": ...}`. */
export interface MlflowRefusal {
  readonly status: number;
  /** Undefined where the route is unknown to the server, as logged models are before MLflow 3. */
  readonly errorCode: string | undefined;
  /** Without passwords and characters that cannot be seen, shortened. */
  readonly message: string;
  /** The server's address. */
  readonly where: string;
}

/** Certificates that the server's is refused for, by Node's codes. */
const certificateFaults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "a certificate that has expired",
  CERT_NOT_YET_VALID: "a certificate that is not valid yet",
  CERT_REVOKED: "a certificate that was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "a self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "a certificate of an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "a certificate of an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "a certificate of an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "a certificate of an unknown authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "a certificate for another host name",
};

const silences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "a refused connection",
  ECONNRESET: "a connection that the server closed",
  EPIPE: "a connection that the server closed",
  CUT: "half an answer",
  SILENT: "no answer in time",
  ENOTFOUND: "an unknown host name",
  EAI_AGAIN: "a host name that could not be looked up",
  EHOSTUNREACH: "a host that cannot be reached",
  ENETUNREACH: "a network that cannot be reached",
  ETIMEDOUT: "no answer in time",
};

export const caHint =
  "name the file of its authority's certificates: `trackingCaFile`, or MLFLOW_TRACKING_SERVER_CERT_PATH";

export function connectionFailure({ code }: TransportFault, where: string): AppError {
  const isCertificate = Object.hasOwn(certificateFaults, code) || /^CERT_|^ERR_TLS_CERT/.test(code);
  if (isCertificate) {
    return new AppError("TRACKING_REFUSED", {
      required: "a certificate of the tracking server that is trusted",
      received: certificateFaults[code] ?? `a certificate with a fault [${code}]`,
      where,
      hint: code.includes("ALTNAME") ? "use the host name that the certificate is for" : caHint,
    });
  }
  if (/SSL|TLS|EPROTO/.test(code)) {
    return new AppError("TRACKING_ANSWER_INVALID", {
      required: "an encrypted answer",
      received: `one that is not [${code}]`,
      where,
      hint: "look whether the server's address begins with http:// or https://",
    });
  }
  if (code.startsWith("HPE_")) {
    return new AppError("TRACKING_ANSWER_INVALID", {
      required: "an answer of an HTTP server",
      received: `other bytes [${code}]`,
      where,
      hint: "look whether the server's address begins with http:// or https://",
    });
  }
  return unavailable(silences[code] ?? `a fault of the connection [${code}]`, where);
}

export function unavailable(received: string, where: string, retryAfterSeconds?: number): AppError {
  return new AppError("TRACKING_UNAVAILABLE", {
    required: "an answer of the tracking server",
    received,
    where,
    ...(retryAfterSeconds === undefined
      ? { hint: "look whether the server runs, and at its log" }
      : { retryAfterSeconds }),
  });
}

/** The same error, as one of a request that the server may have carried out. */
export function ambiguous(error: AppError): AmbiguousFailure {
  const { code, required, received, where } = error;
  return new AmbiguousFailure(code, {
    required,
    received: `${received ?? "none"}, to a request that the server may have carried out`,
    ...(where !== undefined && { where }),
    hint: "look whether it is there before you repeat it",
  });
}

export function refused(required: string, received: string, where: string, hint: string): AppError {
  return new AppError("TRACKING_REFUSED", { required, received, where, hint });
}

export function answerInvalid(
  received: string,
  where: string,
  hint = "look at the address, and at what stands between",
): AppError {
  return new AppError("TRACKING_ANSWER_INVALID", {
    required: "an answer of MLflow's interface",
    received,
    where,
    hint,
  });
}

/** A refusal that the caller has no code for. */
export function usualRefusal({ status, errorCode, message, where }: MlflowRefusal): AppError {
  if (errorCode === undefined)
    return answerInvalid(`the status ${status}`, where, "look at the address: MLflow's own pages open there");
  const received = `the answer ${errorCode}: ${message}`;
  const isOfValue = errorCode === "INVALID_PARAMETER_VALUE" || errorCode === "BAD_REQUEST";
  return isOfValue
    ? new AppError("TRACKING_VALUE_INVALID", { required: "a request that the tracking server takes", received, where })
    : new AppError("TRACKING_ANSWER_INVALID", { required: "an answer without an error", received, where });
}

/** Texts from outside without the secrets, which a server or a proxy may repeat. */
export function outsideText(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) safe = safe.replaceAll(secret, "***");
  safe = visibleText(safe);
  return safe.length > longestText ? `${safe.slice(0, longestText)}…` : safe;
}

const longestText = 300;
