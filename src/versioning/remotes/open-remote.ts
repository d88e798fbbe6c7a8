/** The store behind a configured remote. */
import { isAbsolute } from "node:path";
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import { isS3Address, parseS3Address, s3AddressForm } from "../../storage/s3-address.ts";
import { openS3Store } from "../../storage/s3-store.ts";
import type { DvcConfig, RemoteConfig } from "../formats/dvc-config.ts";
import type { Repository } from "../repo/repository.ts";
import { booleanOf, countOf, type RemoteSettings, s3OptionsOf } from "./s3-settings.ts";

export interface Remote {
  readonly name: string;
  /** As it is shown: without secrets. */
  readonly address: string;
  readonly store: ObjectStore;
  /** Of a remote in a folder: its absolute path. */
  readonly folder?: string;
  /** Objects that are sent or fetched at the same time. */
  readonly jobs: number;
}

/** Objects under way at once over a network, unless configured. */
const defaultJobs = 16;

/**
 * The remote of that name, or the default one. Close its store when done. Errors:
 * DATA_REMOTE_UNKNOWN, DATA_CONFIG_INVALID, DATA_FEATURE_UNSUPPORTED (another protocol,
 * `version_aware`), PACKAGE_MISSING.
 */
export async function openRemote({ config }: Repository, name = config.core.remote): Promise<Remote> {
  const { name: found, url, settings: values } = findRemote(config, name);
  const settings: RemoteSettings = { values, where: `remote ${JSON.stringify(found)}` };
  for (const key of ["version_aware", "worktree"]) {
    if (booleanOf(settings, key)) throw unsupported(`the setting ${key}`, settings.where);
  }
  const jobs = countOf(settings, "jobs");
  if (isS3Address(url)) {
    const address = parseS3Address(url);
    if (address === undefined) {
      throw new AppError("DATA_CONFIG_INVALID", {
        required: s3AddressForm,
        received: "another text as url",
        where: settings.where,
      });
    }
    const connections = jobs ?? defaultJobs;
    const connection = { ...(await s3OptionsOf(settings)), connections: connections + 4 };
    const store = await openS3Store(address, { connection });
    const shown = `s3://${address.bucket}/${address.prefix}`.replace(/\/$/, "");
    return { name: found, address: shown, store, jobs: connections };
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(url)?.[1];
  if (scheme !== undefined) throw unsupported(`the protocol ${scheme}`, settings.where);
  if (!isAbsolute(url)) {
    throw new AppError("DATA_CONFIG_INVALID", {
      required: "the path of a folder, or an address s3://BUCKET/PREFIX, as url",
      received: JSON.stringify(url),
      where: settings.where,
    });
  }
  return { name: found, address: url, folder: url, store: openFolderStore(url), jobs: jobs ?? 4 };
}

function findRemote({ remotes }: Pick<DvcConfig, "remotes">, name: string | undefined): RemoteConfig {
  const hint = "add one with `pawprint data remote add storage s3://BUCKET/PREFIX --default`";
  if (name === undefined) {
    throw new AppError("DATA_REMOTE_UNKNOWN", {
      required: "the name of a remote",
      received: "none, without a default one",
      where: ".dvc/config",
      hint,
    });
  }
  // DVC keeps names in lower case.
  const remote = remotes.get(name) ?? remotes.get(name.toLowerCase());
  if (remote !== undefined) return remote;
  const names = [...remotes.keys()];
  throw new AppError("DATA_REMOTE_UNKNOWN", {
    required: "the name of a configured remote",
    received: JSON.stringify(name),
    where: ".dvc/config",
    hint: names.length === 0 ? hint : (hintForName(name, names) ?? `configured: ${names.join(", ")}`),
  });
}

function unsupported(received: string, where: string): AppError {
  return new AppError("DATA_FEATURE_UNSUPPORTED", {
    required: "a remote in S3 or in a folder that keeps objects under their hashes",
    received,
    where,
    hint: "use DVC itself for this remote",
  });
}
