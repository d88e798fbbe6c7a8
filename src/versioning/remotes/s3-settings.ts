/** Settings of an S3 remote, as DVC names them, as options of a connection. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { readFailure, systemCodeOf } from "../../base/files/file-failure.ts";
import type { S3Options, S3Writing } from "../../storage/s3-connection.ts";
import { flagOf } from "../formats/dvc-config.ts";

/** Settings of one remote, with the place that errors name. */
export interface RemoteSettings {
  readonly values: ReadonlyMap<string, string>;
  /** `remote 'storage'`. */
  readonly where: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings first, then the environment, then the profile in the files of AWS; `us-east-1` where
 * nothing names a region. Relative paths start from `folder`.
 * Errors: DATA_CONFIG_INVALID, DATA_FEATURE_UNSUPPORTED, FILE_NOT_FOUND, FILE_READ_FAILED.
 */
export async function s3OptionsOf(settings: RemoteSettings, env: Environment = process.env): Promise<S3Options> {
  const { values, where } = settings;
  for (const key of unsupported) {
    if (!values.has(key)) continue;
    throw new AppError("DATA_FEATURE_UNSUPPORTED", {
      required: "a remote without encryption by a key of the caller",
      received: `the setting ${key}`,
      where,
      hint: "let the store keep the key: sse or sse_kms_key_id",
    });
  }
  const endpoint = values.get("endpointurl");
  if (endpoint !== undefined && !/^https?:\/\/[^/]/i.test(endpoint)) {
    throw invalid(settings, "endpointurl", "an address http:// or https://");
  }
  const profile = values.get("profile") ?? given(env.AWS_PROFILE);
  // As DVC does, the environment goes before the remote's own files.
  const configFile = given(env.AWS_CONFIG_FILE) ?? values.get("configpath");
  const credentialsFile = given(env.AWS_SHARED_CREDENTIALS_FILE) ?? values.get("credentialpath");
  const ofProfile = await profileSettings(configFile ?? join(homedir(), ".aws", "config"), profile ?? "default");
  const region =
    values.get("region") ?? given(env.AWS_REGION) ?? given(env.AWS_DEFAULT_REGION) ?? ofProfile.get("region");
  const address =
    endpoint ?? given(env.AWS_ENDPOINT_URL_S3) ?? given(env.AWS_ENDPOINT_URL) ?? ofProfile.get("endpoint_url");
  const credentials = credentialsOf(settings);
  return {
    region: region ?? "us-east-1",
    ...(address !== undefined && { endpoint: address }),
    ...(values.has("profile") && profile !== undefined && { profile }),
    ...(configFile !== undefined && { configFile }),
    ...(credentialsFile !== undefined && { credentialsFile }),
    ...(credentials !== undefined && { credentials }),
    ...(booleanOf(settings, "allow_anonymous_login") && { anonymous: true }),
    ...(booleanOf(settings, "use_ssl") === false && { tls: false }),
    ...(await certificatesOf(settings)),
    ...secondsOf(settings, "connect_timeout", "connectTimeoutMs"),
    ...secondsOf(settings, "read_timeout", "readTimeoutMs"),
    attempts: 5,
    writing: writingOf(settings),
  };
}

/** True for settings that hold secrets or say where they are. */
const unsupported = ["sse_customer_key", "sse_customer_algorithm"];

function credentialsOf(settings: RemoteSettings): S3Options["credentials"] {
  const accessKeyId = settings.values.get("access_key_id");
  const secretAccessKey = settings.values.get("secret_access_key");
  const sessionToken = settings.values.get("session_token");
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined) throw invalid(settings, "access_key_id", "both parts of a key");
  if (secretAccessKey === undefined) throw invalid(settings, "secret_access_key", "both parts of a key");
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** `ssl_verify`: yes or no, or the path of certificates. */
async function certificatesOf(settings: RemoteSettings): Promise<Pick<S3Options, "ca" | "verifyCertificate">> {
  const text = settings.values.get("ssl_verify");
  if (text === undefined) return {};
  if (isTruth.test(text)) return flagOf(text, "ssl_verify", settings.where) ? {} : { verifyCertificate: false };
  try {
    return { ca: await readFile(text, "utf8") };
  } catch (error) {
    throw readFailure(text, error);
  }
}

/** DVC's names for how objects are kept, and S3's. */
const writingNames = {
  sse: "ServerSideEncryption",
  sse_kms_key_id: "SSEKMSKeyId",
  acl: "ACL",
  grant_full_control: "GrantFullControl",
  grant_read: "GrantRead",
  grant_read_acp: "GrantReadACP",
  grant_write_acp: "GrantWriteACP",
} as const satisfies Readonly<Record<string, keyof S3Writing>>;

function writingOf({ values }: RemoteSettings): S3Writing {
  const entries = Object.entries(writingNames).flatMap(([name, field]) => {
    const value = values.get(name);
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(entries); // the store refuses a value that it does not know
}

/** Undefined where it is not set. Errors: DATA_CONFIG_INVALID. */
export function booleanOf(settings: RemoteSettings, key: string): boolean | undefined {
  const text = settings.values.get(key);
  return text === undefined ? undefined : flagOf(text, key, settings.where);
}

/** Errors: DATA_CONFIG_INVALID. */
export function countOf(settings: RemoteSettings, key: string): number | undefined {
  const text = settings.values.get(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(settings, key, "a whole number from 1");
  return value;
}

function secondsOf<Name extends string>(settings: RemoteSettings, key: string, name: Name): { [K in Name]?: number } {
  const seconds = countOf(settings, key);
  return (seconds === undefined ? {} : { [name]: seconds * 1000 }) as { [K in Name]?: number }; // the one name
}

/** What DVC takes for yes or no; other texts are paths. */
const isTruth = /^(true|yes|y|on|1|enable|false|no|n|off|0|disable)$/i;

function invalid({ values, where }: RemoteSettings, key: string, required: string): AppError {
  const text = values.get(key);
  const isSecret = /key|token|secret/.test(key);
  return new AppError("DATA_CONFIG_INVALID", {
    required: `${required} for ${key}`,
    received: text === undefined ? "none" : isSecret ? "another text" : JSON.stringify(text),
    where,
  });
}

function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** The settings of one profile; the SDK takes the region from its usual place alone. */
async function profileSettings(file: string, profile: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(systemCodeOf(error) ?? "")) return found;
    throw readFailure(file, error);
  }
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(?:profile\s+)?["']?([^\]"']*?)["']?\s*\]/.exec(line)?.[1];
    if (section !== undefined) isInside = section === profile;
    const [, name, value] = /^([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isInside && name !== undefined && value) found.set(name, value);
  }
  return found;
}
