/** The AWS SDK and its client, loaded at first use. */
import type { S3Client } from "@aws-sdk/client-s3";
import { importOptional } from "../base/optional-package.ts";

export interface S3Connection {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
}

/** An object, as the SDK's commands name it. */
export interface S3Target {
  readonly Bucket: string;
  readonly Key: string;
}

/** A store that sends nothing for so long is taken for silent. */
const timeouts = { connectionTimeout: 10_000, socketTimeout: 60_000 } as const;

/**
 * Sends nothing yet. Endpoint, region and credentials come from where the SDK looks for them:
 * AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE and so on. Requests that fail for a
 * passing reason are tried three times, the SDK's standard.
 * Errors: PACKAGE_MISSING.
 */
export async function connectS3(): Promise<S3Connection> {
  const sdk = await importOptional(() => import("@aws-sdk/client-s3"), ["@aws-sdk/client-s3"], "to work with S3");
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  const client = new sdk.S3Client({
    // Stores with an address of their own seldom have a host name for each bucket.
    forcePathStyle: Boolean(AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL),
    requestHandler: timeouts,
  });
  return { sdk, client };
}

/** The options of one SDK call. */
export function abortedBy(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
