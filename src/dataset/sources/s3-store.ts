/** Lists and reads the objects below one prefix of an S3-compatible object store. */
import type { S3Client } from "@aws-sdk/client-s3";
import { AppError } from "../../base/errors.ts";
import { pictureLimits, tooManyBytes } from "../../image/decode.ts";
import { s3Failure } from "./s3-failure.ts";
import { parseS3Location, type S3Location } from "./s3-location.ts";

export interface StoredObject {
  /** The key behind the prefix. */
  readonly name: string;
  readonly sizeBytes: number;
  /** As the store writes it, in quotes. A few stores give none. */
  readonly etag: string | undefined;
  readonly modifiedMs: number;
}

type Sdk = typeof import("@aws-sdk/client-s3");

/**
 * How often a body that breaks off is asked for again; what fails before its body is retried by the
 * SDK.
 */
const bodyAttempts = 3;

/** A store that sends nothing for so long is taken for silent. */
const timeouts = { connectionTimeout: 10_000, socketTimeout: 60_000 } as const;

/**
 * Endpoint, region and credentials come from where the AWS SDK looks for them: AWS_ENDPOINT_URL,
 * AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE and so on. Requests that fail for a passing reason are
 * tried three times, as is the SDK's standard.
 */
export class S3Store {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #place: S3Location;

  private constructor(sdk: Sdk, place: S3Location) {
    this.#sdk = sdk;
    this.#place = place;
    const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
    this.#client = new sdk.S3Client({
      // Stores with an address of their own seldom have a host name for each bucket.
      forcePathStyle: Boolean(AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL),
      requestHandler: timeouts,
    });
  }

  /** Sends nothing yet. Errors: DATASET_SOURCE_UNKNOWN for an address of another form. */
  static async open(location: string): Promise<S3Store> {
    const place = parseS3Location(location);
    // Loaded here, so that no other source and no other command pays for it.
    return new S3Store(await import("@aws-sdk/client-s3"), place);
  }

  /**
   * Every object below the prefix, page by page; folders' own markers are left out. Errors:
   * STORE_FAILED.
   */
  async *list(): AsyncGenerator<StoredObject> {
    const { bucket, prefix } = this.#place;
    const pages = this.#sdk.paginateListObjectsV2({ client: this.#client }, { Bucket: bucket, Prefix: prefix });
    try {
      for await (const { Contents = [] } of pages) {
        for (const { Key = "", Size = 0, ETag, LastModified } of Contents) {
          const name = Key.slice(prefix.length);
          if (name === "" || name.endsWith("/")) continue;
          yield { name, sizeBytes: Size, etag: ETag, modifiedMs: LastModified?.getTime() ?? 0 };
        }
      }
    } catch (error) {
      throw s3Failure(this.#addressOf(""), error);
    }
  }

  /**
   * An object's bytes, as they were when it was listed. Errors: IMAGE_SIZE, SOURCE_CHANGED,
   * FILE_NOT_FOUND, STORE_FAILED.
   */
  async read({ name, sizeBytes, etag }: StoredObject): Promise<Uint8Array> {
    const where = this.#addressOf(name);
    if (sizeBytes > pictureLimits.sizeBytes) throw tooManyBytes(sizeBytes, where);
    for (let attempt = 1; ; attempt++) {
      const body = await this.#get(name, etag, where);
      try {
        return await body.transformToByteArray();
      } catch (error) {
        if (attempt === bodyAttempts) throw s3Failure(where, error);
      }
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #get(name: string, etag: string | undefined, where: string) {
    const { bucket, prefix } = this.#place;
    const input = { Bucket: bucket, Key: prefix + name, ...(etag !== undefined && { IfMatch: etag }) };
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(new this.#sdk.GetObjectCommand(input));
      if (Body === undefined) throw new Error("an answer without a body");
      if (ContentLength <= pictureLimits.sizeBytes) return Body;
      throw tooManyBytes(ContentLength, where);
    } catch (error) {
      throw error instanceof AppError ? error : s3Failure(where, error);
    }
  }

  #addressOf(name: string): string {
    return `s3://${this.#place.bucket}/${this.#place.prefix}${name}`;
  }
}
