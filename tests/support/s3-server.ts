/**
 * A small object store on 127.0.0.1 that speaks the part of S3 that Pawprint uses, and misbehaves
 * where it is told to.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { vi } from "vitest";

/** What the server does with one request instead of answering it. */
export type Fault =
  | { readonly status: number; readonly code: string }
  /** Ends the connection without a word. */
  | "drop"
  /** Sends half of the body, then ends the connection. */
  | "cut"
  /** Does what is asked, then ends the connection without an answer. */
  | "mute";

export interface S3Server {
  readonly endpoint: string;
  /** Keys of the one bucket, `pets`. */
  readonly objects: Map<string, Uint8Array>;
  /** Sizes that listings claim, where those are not the truth. */
  readonly claimedSizes: Map<string, number>;
  /** The next requests meet these, in order; undefined for a request that is answered. */
  readonly faults: (Fault | undefined)[];
  /** Method and path with query of every request. */
  readonly requests: string[];
  /** Ids of uploads in parts that were neither completed nor aborted. */
  openUploads(): readonly string[];
  close(): Promise<void>;
}

export const bucket = "pets";

export const s3Secret = "a-very-secret-key";

/**
 * Points the AWS SDK at a server until `vi.unstubAllEnvs()`. Only what is set here counts: no file
 * of this machine's owner, no address of a cloud.
 */
export function useS3Server(endpoint: string, more: Readonly<Record<string, string>> = {}): void {
  const settings = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: "",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "an-access-key",
    AWS_SECRET_ACCESS_KEY: s3Secret,
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
    AWS_CONFIG_FILE: "/nowhere/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
    AWS_EC2_METADATA_DISABLED: "true",
    ...more,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value || undefined);
}

export async function startS3Server({ pageSize = 3 } = {}): Promise<S3Server> {
  const store: Store = {
    objects: new Map(),
    claimedSizes: new Map(),
    metadata: new Map(),
    uploads: new Map(),
    pageSize,
  };
  const faults: (Fault | undefined)[] = [];
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const fault = faults.shift();
    if (fault === "drop") return void request.socket.destroy();
    const body = await bodyOf(request);
    const reply = typeof fault === "object" ? refuse(fault.status, fault.code) : answer(request, body, store);
    if (fault === "mute") return void response.destroy();
    const sent = Buffer.from(reply.body ?? "");
    response.writeHead(reply.status, { "content-length": sent.length, ...reply.headers });
    if (fault === "cut") response.write(sent.subarray(0, sent.length / 2), () => response.destroy());
    else response.end(request.method === "HEAD" ? undefined : sent);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects: store.objects,
    claimedSizes: store.claimedSizes,
    faults,
    requests,
    openUploads: () => [...store.uploads.keys()],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Store extends Pick<S3Server, "objects" | "claimedSizes"> {
  /** The `x-amz-meta-` headers of objects. */
  readonly metadata: Map<string, Headers>;
  readonly uploads: Map<string, { readonly metadata: Headers; readonly parts: Map<number, Uint8Array> }>;
  readonly pageSize: number;
}

type Headers = Readonly<Record<string, string>>;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Reply {
  readonly status: number;
  readonly headers?: Headers;
  readonly body?: Uint8Array | string;
}

function answer({ method, url, headers }: IncomingMessage, body: Buffer, store: Store): Reply {
  const { searchParams: query, pathname } = new URL(url ?? "/", "http://localhost");
  const [, asked = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  if (asked !== bucket) return refuse(404, "NoSuchBucket");
  if (key === "") return list(query, store);
  if (method === "GET") return give(store.objects.get(key), headers);
  if (method === "HEAD") return describe(store, key);
  if (query.has("uploads")) return beginParts(store, metadataOf(headers));
  const uploadId = query.get("uploadId");
  if (uploadId === null) {
    if (method === "PUT") return put(store, key, headers, metadataOf(headers), body);
    store.objects.delete(key);
    return { status: 204 };
  }
  if (method === "PUT") return putPart(store, uploadId, Number(query.get("partNumber")), body);
  if (method === "POST") return completeParts(store, uploadId, key, headers, body.toString());
  store.uploads.delete(uploadId);
  return { status: 204 };
}

function list(query: URLSearchParams, { objects, claimedSizes, pageSize }: Store): Reply {
  const prefix = query.get("prefix") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(byUtf8);
  const start = Number(query.get("continuation-token") ?? 0);
  const end = start + pageSize;
  const contents = keys.slice(start, end).map((key) => {
    const content = objects.get(key)!;
    const size = claimedSizes.get(key) ?? content.length;
    return `<Contents><Key>${xml(key)}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>${xml(etagOf(content))}</ETag><Size>${size}</Size></Contents>`;
  });
  const isTruncated = end < keys.length;
  const next = isTruncated ? `<NextContinuationToken>${end}</NextContinuationToken>` : "";
  const body = `<IsTruncated>${isTruncated}</IsTruncated>${next}${contents.join("")}`;
  return document(200, `<ListBucketResult>${body}</ListBucketResult>`);
}

function give(content: Uint8Array | undefined, { "if-match": ifMatch, range }: IncomingMessage["headers"]): Reply {
  if (content === undefined) return refuse(404, "NoSuchKey");
  const etag = etagOf(content);
  if (ifMatch !== undefined && ifMatch !== etag) return refuse(412, "PreconditionFailed");
  if (range === undefined) return { status: 200, headers: { etag }, body: content };
  const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const start = Number(first);
  if (start >= content.length) return refuse(416, "InvalidRange");
  const body = content.subarray(start, last === "" ? undefined : Number(last) + 1);
  const given = `bytes ${start}-${start + body.length - 1}/${content.length}`;
  return { status: 206, headers: { etag, "content-range": given }, body };
}

function describe({ objects, metadata }: Store, key: string): Reply {
  const content = objects.get(key);
  if (content === undefined) return { status: 404 };
  const headers = { ...metadata.get(key), "content-length": String(content.length), etag: etagOf(content) };
  return { status: 200, headers };
}

/** Stores an object where the request's conditions hold. */
function put(
  { objects, metadata: allMetadata }: Store,
  key: string,
  { "if-match": ifMatch, "if-none-match": ifNoneMatch }: IncomingMessage["headers"],
  metadata: Headers,
  content: Uint8Array,
): Reply {
  const old = objects.get(key);
  if (ifMatch !== undefined && old === undefined) return refuse(404, "NoSuchKey");
  const isRefused = old !== undefined && (ifNoneMatch === "*" || (ifMatch !== undefined && etagOf(old) !== ifMatch));
  if (isRefused) return refuse(412, "PreconditionFailed");
  objects.set(key, content);
  allMetadata.set(key, metadata);
  return { status: 200, headers: { etag: etagOf(content) } };
}

function metadataOf(headers: IncomingMessage["headers"]): Headers {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function beginParts({ uploads }: Store, metadata: Headers): Reply {
  const id = randomUUID();
  uploads.set(id, { metadata, parts: new Map() });
  return document(200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}

function putPart({ uploads }: Store, uploadId: string, number: number, body: Buffer): Reply {
  const upload = uploads.get(uploadId);
  if (upload === undefined) return refuse(404, "NoSuchUpload");
  upload.parts.set(number, body);
  return { status: 200, headers: { etag: etagOf(body) } };
}

function completeParts(
  store: Store,
  uploadId: string,
  key: string,
  headers: IncomingMessage["headers"],
  list: string,
): Reply {
  const upload = store.uploads.get(uploadId);
  if (upload === undefined) return refuse(404, "NoSuchUpload");
  const numbers = [...list.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
  const content = Buffer.concat(numbers.map((number) => upload.parts.get(number)!));
  const reply = put(store, key, headers, upload.metadata, content);
  if (reply.status !== 200) return reply;
  store.uploads.delete(uploadId);
  const etag = `<ETag>${xml(etagOf(content))}</ETag>`;
  return document(200, `<CompleteMultipartUploadResult>${etag}</CompleteMultipartUploadResult>`);
}

function refuse(status: number, code: string): Reply {
  return document(status, `<Error><Code>${code}</Code><Message>as asked for by the test</Message></Error>`);
}

function document(status: number, body: string): Reply {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
  };
}

function etagOf(content: Uint8Array): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}

/** The order in which S3 lists keys. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function xml(text: string): string {
  return text.replaceAll(/[&<>"\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
