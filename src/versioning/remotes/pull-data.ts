/** Brings the work tree to what its `.dvc` files name, with the content from remotes: fetch, then check out. */
import { isAppError } from "../../base/errors.ts";
import type { Repository } from "../repo/repository.ts";
import { type CheckedOut, checkoutData } from "../workspace/checkout.ts";
import { type DataTransfer, type DataTransferOptions, fetchData } from "./transfer-data.ts";

export interface PullOptions extends DataTransferOptions {
  /** Give up files that no version has. */
  readonly force?: boolean;
}

export interface PulledData extends DataTransfer {
  readonly checkedOut: readonly CheckedOut[];
}

/**
 * What can be had is checked out before an error of the fetch is thrown.
 * Errors: those of `fetchData` and `checkoutData`.
 */
export async function pullData(
  repository: Repository,
  targets: readonly string[] = [],
  options: PullOptions = {},
): Promise<PulledData> {
  const { force = false, folder, progress, signal } = options;
  const checkout = () =>
    checkoutData(repository, targets, {
      force,
      ...(folder !== undefined && { folder }),
      ...(progress && { progress }),
      ...(signal && { signal }),
    });
  let fetched: DataTransfer;
  try {
    fetched = await fetchData(repository, targets, options);
  } catch (error) {
    if (!isAppError(error, "DATA_OBJECT_MISSING") && !isAppError(error, "DATA_TRANSFER_INCOMPLETE")) throw error;
    // What cannot be checked out is what this error says.
    await checkout().catch(() => undefined);
    throw error;
  }
  return { ...fetched, checkedOut: await checkout() };
}
