/** The settings that DVC knows, and what Pawprint does with them. */
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import type { ConfigSections } from "./config-text.ts";

const link = ["type", "protected", "shared", "slow_link_warning", "verify"];

/** Sections whose settings are those of DVC alone are taken as they are. */
const known: Readonly<Record<string, readonly string[] | "any">> = {
  core: [
    ...["remote", "checksum_jobs", "interactive", "analytics", "hardlink_lock", "no_scm", "autostage", "experiments"],
    ...["check_update", "site_cache_dir", "machine"],
  ],
  cache: ["local", "s3", "gs", "hdfs", "webhdfs", "ssh", "azure", "dir", ...link],
  parsing: ["bool", "list"],
  ...Object.fromEntries(
    ["state", "index", "machine", "feature", "plots", "exp", "hydra", "studio", "db"].map((name) => [name, "any"]),
  ),
};

const ofRemotes = ["url", "checksum_jobs", "jobs", "worktree", "no_traverse", "version_aware"];
const ofFolders = [...ofRemotes, ...link];
const ofS3 = [
  ...ofRemotes,
  ...["region", "profile", "credentialpath", "configpath", "endpointurl", "access_key_id", "secret_access_key"],
  ...["session_token", "listobjects", "use_ssl", "allow_anonymous_login", "ssl_verify", "sse", "sse_kms_key_id"],
  ...["sse_customer_algorithm", "sse_customer_key", "acl", "grant_read", "grant_read_acp", "grant_write_acp"],
  ...["grant_full_control", "cache_regions", "read_timeout", "connect_timeout", "verify"],
];

/** Settings of remotes that are paths, from the folder of their file unless absolute. */
export const pathSettings: readonly string[] = [
  ...["url", "credentialpath", "configpath", "keyfile", "cert_path", "key_path"],
  ...["gdrive_user_credentials_file", "gdrive_service_account_json_file_path"],
];

/** Settings that belong into `config.local`, which Git does not keep. */
export const secretSettings: readonly string[] = [
  ...["access_key_id", "secret_access_key", "session_token", "sse_customer_key", "password", "passphrase", "token"],
  ...["connection_string", "sas_token", "account_key", "client_secret", "oss_key_id", "oss_key_secret"],
  ...["gdrive_client_secret", "custom_auth_header"],
];

/**
 * What would mean something else than DVC makes of it is refused by its name, values are not shown.
 * Errors: DATA_CONFIG_INVALID for what DVC knows neither, DATA_FEATURE_UNSUPPORTED.
 */
export function requireKnown(sections: ConfigSections, where: string): void {
  for (const [section, values] of sections) {
    if (/^(remote|machine|db) "/.test(section)) continue;
    const keys = Object.hasOwn(known, section) ? known[section] : undefined;
    if (keys === undefined)
      throw unknown("a section of DVC's settings", `[${section}]`, section, Object.keys(known), where);
    if (keys === "any") continue;
    for (const key of values.keys()) {
      if (!keys.includes(key)) throw unknown(`a setting of [${section}]`, key, key, keys, where);
    }
  }
  const parsing = sections.get("parsing");
  for (const [key, usual] of [
    ["bool", "store_true"],
    ["list", "nargs"],
  ] as const) {
    const value = parsing?.get(key);
    if (value !== undefined && value !== usual) throw unsupported(`parsing.${key} = ${usual}`, "another value", where);
  }
  for (const key of ["local", "s3", "gs", "azure", "hdfs", "ssh", "webhdfs"]) {
    if (sections.get("cache")?.has(key)) throw unsupported("one cache on this machine", `cache.${key}`, where);
  }
}

/** Errors: DATA_CONFIG_INVALID. */
export function requireRemoteKeys(name: string, url: string, keys: Iterable<string>, where: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  const own = scheme === "s3" ? ofS3 : scheme === undefined ? ofFolders : undefined;
  for (const key of own === undefined ? [] : keys) {
    if (!own!.includes(key)) throw unknown(`a setting of the remote '${name}'`, key, key, own!, where);
  }
}

function unknown(required: string, received: string, name: string, names: readonly string[], where: string): AppError {
  const hint = hintForName(name, names);
  return new AppError("DATA_CONFIG_INVALID", { required, received, where, ...(hint !== undefined && { hint }) });
}

function unsupported(required: string, received: string, where: string): AppError {
  return new AppError("DATA_FEATURE_UNSUPPORTED", { required, received, where });
}
