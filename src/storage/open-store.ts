/** Opens the store that an address names: `s3://bucket/prefix`, or else a folder. */
import { resolve } from "node:path";
import { AppError } from "../base/errors.ts";
import { openFolderStore } from "./folder-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { isS3Address, parseS3Address, s3AddressForm } from "./s3-address.ts";
import { openS3Store } from "./s3-store.ts";

/** A folder is relative to `cwd`. Sends nothing yet. Errors: ARGUMENT_INVALID for another scheme or form; PACKAGE_MISSING. */
export async function openStore(address: string, cwd: string): Promise<ObjectStore> {
  const s3 = isS3Address(address) ? parseS3Address(address) : undefined;
  if (s3 !== undefined) return openS3Store(s3);
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(address)) return openFolderStore(resolve(cwd, address));
  // It may hold a password, so it is not shown.
  throw new AppError("ARGUMENT_INVALID", {
    required: `a folder, or ${s3AddressForm}`,
    received: "an address of another form",
  });
}
