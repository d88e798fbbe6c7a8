/** The AWS SDK and its client, loaded at first use. */

import { setMaxListeners } from "node:events";
import type { PutObjectCommandInput, S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { importOptional } from "../base/optional-package.ts";

export interface S3Connection {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
  /** What every written object is sent with. */
  readonly writing: S3Writing;
}

/** How objects are kept: encryption by the store, and who may read them. */
export type S3Writing = Pick<
  PutObjectCommandInput,
  "ServerSideEncryption" | "SSEKMSKeyId" | "ACL" | "GrantFullControl" | "GrantRead" | "GrantReadACP" | "GrantWriteACP"
>;

/** An object, as the SDK's commands name it. */
export interface S3Target {
  readonly Bucket: string;
  readonly Key: string;
}

/** What is not given comes from where the SDK looks for it. */
export interface S3Options {
  /** Address of a store other than AWS; buckets are then names in its paths. */
  readonly endpoint?: string;
  readonly region?: string;
  /** A section of the files of credentials and settings. */
  readonly profile?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** In place of `~/.aws/config`. */
  readonly configFile?: string;
  /** In place of `~/.aws/credentials`. */
  readonly credentialsFile?: string;
  /** Requests without a signature, for public buckets. */
  readonly anonymous?: boolean;
  /** False for HTTP without TLS; an endpoint says it by its scheme. */
  readonly tls?: boolean;
  /** False to take any certificate. */
  readonly verifyCertificate?: boolean;
  /** PEM certificates that are trusted in place of the system's. */
  readonly ca?: string;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Without a byte for so long. Default 60,000. */
  readonly readTimeoutMs?: number;
  /** How often a request is tried that fails for a passing reason; AWS_MAX_ATTEMPTS, else 3. */
  readonly attempts?: number;
  /** Connections at the same time. Default 50. */
  readonly connections?: number;
  readonly writing?: S3Writing;
}

/**
 * Sends nothing yet. Without options endpoint, region and credentials come from where the SDK looks
 * for them: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE, an instance's role and so
 * on. Requests that fail for a passing reason are sent again after a wait that grows.
 * Errors: PACKAGE_MISSING.
 */
export async function connectS3(options: S3Options = {}): Promise<S3Connection> {
  // Else it warns at each start that its later versions will not run on Node.js 20.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const sdk = await importOptional(() => import("@aws-sdk/client-s3"), ["@aws-sdk/client-s3"], "to work with S3");
  return { sdk, client: new sdk.S3Client(clientConfig(options)), writing: options.writing ?? {} };
}

function clientConfig(options: S3Options): S3ClientConfig {
  const { endpoint, region, profile, credentials, attempts, tls } = options;
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  return {
    // Stores with an address of their own seldom have a host name for each bucket.
    forcePathStyle: Boolean(endpoint ?? (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL)),
    requestHandler: handlerOptions(options),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region, followRegionRedirects: true }),
    ...(profile !== undefined && { profile }),
    ...(credentials !== undefined && { credentials }),
    ...(attempts !== undefined && { maxAttempts: attempts }),
    ...(tls !== undefined && { tls }),
    ...filesOf(options),
    ...(options.anonymous && unsigned),
  };
}

/** The SDK hands its configuration to the providers of credentials, which know these names. */
function filesOf({ configFile, credentialsFile }: S3Options): object {
  return {
    ...(configFile !== undefined && { configFilepath: configFile }),
    ...(credentialsFile !== undefined && { filepath: credentialsFile }),
  };
}

function handlerOptions(options: S3Options) {
  const { connectTimeoutMs = 10_000, readTimeoutMs = 60_000, connections, ca, verifyCertificate } = options;
  const agent = { keepAlive: true, maxSockets: connections ?? 50 };
  return {
    connectionTimeout: connectTimeoutMs,
    socketTimeout: readTimeoutMs,
    httpAgent: agent,
    httpsAgent: {
      ...agent,
      ...(ca !== undefined && { ca }),
      ...(verifyCertificate === false && { rejectUnauthorized: false }),
    },
  };
}

/** The SDK asks for credentials even where it does not sign. */
const unsigned: S3ClientConfig = {
  credentials: { accessKeyId: "anonymous", secretAccessKey: "anonymous" },
  signer: { sign: async (request) => request },
};

/** The options of one SDK call. Many calls under way listen to one signal. */
export function abortedBy(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  if (signal === undefined) return {};
  setMaxListeners(0, signal);
  return { abortSignal: signal };
}
