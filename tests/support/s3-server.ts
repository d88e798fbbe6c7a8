/**
 * A small object store on 127.0.0.1 that speaks the part of S3 that Pawprint uses, and misbehaves
 * where it is told to.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
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
    if (fault === "drop") return request.socket.destroy();
    const body = await bodyOf(request);
    if (typeof fault === "object") return refuse(response, fault.status, fault.code);
    if (fault === "mute") response.end = () => response.destroy();
    answer(request, body, response, store, fault === "cut");
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

function answer(request: IncomingMessage, body: Buffer, response: ServerResponse, store: Store, cut: boolean): void {
  const { searchParams: query, pathname } = new URL(request.url ?? "/", "http://localhost");
  const [, asked = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  const metadata = metadataOf(request.headers);
  const { method, headers } = request;
  if (asked !== bucket) refuse(response, 404, "NoSuchBucket");
  else if (key === "") list(response, query, store);
  else if (method === "GET") give(response, store.objects.get(key), headers, cut);
  else if (method === "HEAD") describe(response, store, key);
  else if (method === "PUT" && query.has("uploadId")) putPart(response, query, store, body);
  else if (method === "PUT") put(response, store, key, headers, metadata, body);
  else if (method === "POST" && query.has("uploads")) beginParts(response, store, metadata);
  else if (method === "POST") completeParts(response, query, store, key, headers, body);
  else if (query.has("uploadId")) end(response, 204, store.uploads.delete(query.get("uploadId")!));
  else end(response, 204, store.objects.delete(key));
}

function metadataOf(headers: IncomingMessage["headers"]): Headers {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function give(
  response: ServerResponse,
  content: Uint8Array | undefined,
  { "if-match": ifMatch, range }: IncomingMessage["headers"],
  cut: boolean,
): void {
  if (content === undefined) return refuse(response, 404, "NoSuchKey");
  if (ifMatch !== undefined && ifMatch !== etagOf(content)) return refuse(response, 412, "PreconditionFailed");
  const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (range !== undefined && Number(first) >= content.length) return refuse(response, 416, "InvalidRange");
  const part = content.subarray(Number(first), last === "" ? undefined : Number(last) + 1);
  response.writeHead(range === undefined ? 200 : 206, {
    "content-length": part.length,
    etag: etagOf(content),
    ...(range && { "content-range": `bytes ${first}-${Number(first) + part.length - 1}/${content.length}` }),
  });
  if (cut) response.write(part.subarray(0, part.length / 2), () => response.destroy());
  else response.end(part);
}

function describe(response: ServerResponse, { objects, metadata }: Store, key: string): void {
  const content = objects.get(key);
  if (content === undefined) return end(response, 404);
  response.setHeaders(new Map(Object.entries(metadata.get(key) ?? {})));
  response.writeHead(200, { "content-length": content.length, etag: etagOf(content) });
  response.end();
}

/** Stores an object where the request's conditions hold. */
function put(
  response: ServerResponse,
  { objects, metadata: allMetadata }: Store,
  key: string,
  { "if-match": ifMatch, "if-none-match": ifNoneMatch }: IncomingMessage["headers"],
  metadata: Headers,
  content: Uint8Array,
  ok: (etag: string) => void = (etag) => response.writeHead(200, { etag }).end(),
): void {
  const old = objects.get(key);
  if (ifMatch !== undefined && old === undefined) return refuse(response, 404, "NoSuchKey");
  const isRefused = (ifNoneMatch === "*" && old) || (ifMatch !== undefined && old && etagOf(old) !== ifMatch);
  if (isRefused) return refuse(response, 412, "PreconditionFailed");
  objects.set(key, content);
  allMetadata.set(key, metadata);
  ok(etagOf(content));
}

function beginParts(response: ServerResponse, { uploads }: Store, metadata: Headers): void {
  const id = `upload-${uploads.size}-${Math.random()}`;
  uploads.set(id, { metadata, parts: new Map() });
  send(response, 200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}

function putPart(response: ServerResponse, query: URLSearchParams, { uploads }: Store, body: Buffer): void {
  const upload = uploads.get(query.get("uploadId")!);
  if (upload === undefined) return refuse(response, 404, "NoSuchUpload");
  upload.parts.set(Number(query.get("partNumber")), body);
  response.writeHead(200, { etag: etagOf(body) }).end();
}

function completeParts(
  response: ServerResponse,
  query: URLSearchParams,
  store: Store,
  key: string,
  headers: IncomingMessage["headers"],
  body: Buffer,
): void {
  const id = query.get("uploadId")!;
  const upload = store.uploads.get(id);
  if (upload === undefined) return refuse(response, 404, "NoSuchUpload");
  const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
  const parts = numbers.map((number) => upload.parts.get(number)!);
  put(response, store, key, headers, upload.metadata, Buffer.concat(parts), (etag) => {
    store.uploads.delete(id);
    const result = `<ETag>${xml(etag)}</ETag>`;
    send(response, 200, `<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`);
  });
}

function end(response: ServerResponse, status: number, _done?: boolean): void {
  response.writeHead(status).end();
}

function list(response: ServerResponse, query: URLSearchParams, { objects, claimedSizes, pageSize }: Store): void {
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
  send(response, 200, `<ListBucketResult>${body}</ListBucketResult>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  send(response, status, `<Error><Code>${code}</Code><Message>as asked for by the test</Message></Error>`);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
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
