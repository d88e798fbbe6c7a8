/**
 * A small object store on 127.0.0.1 that speaks as much of S3 as listing and getting take, and
 * misbehaves where it is told to.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does with one request instead of answering it. */
export type Fault =
  | { readonly status: number; readonly code: string }
  /** Ends the connection without a word. */
  | "drop"
  /** Sends half of the body, then ends the connection. */
  | "cut";

export interface S3Server {
  readonly endpoint: string;
  /** Keys of the one bucket, `pets`. */
  readonly objects: Map<string, Uint8Array>;
  /** Sizes that listings claim, where those are not the truth. */
  readonly claimedSizes: Map<string, number>;
  /** The next requests meet these, in order. */
  readonly faults: Fault[];
  /** Method and path with query of every request. */
  readonly requests: string[];
  close(): Promise<void>;
}

export const bucket = "pets";

export async function startS3Server({ pageSize = 3 } = {}): Promise<S3Server> {
  const objects = new Map<string, Uint8Array>();
  const claimedSizes = new Map<string, number>();
  const faults: Fault[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const fault = faults.shift();
    if (fault === "drop") request.socket.destroy();
    else if (typeof fault === "object") refuse(response, fault.status, fault.code);
    else answer(request, response, { objects, claimedSizes, pageSize }, fault === "cut");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    claimedSizes,
    faults,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Store extends Pick<S3Server, "objects" | "claimedSizes"> {
  readonly pageSize: number;
}

function answer(request: IncomingMessage, response: ServerResponse, store: Store, cut: boolean): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, asked = "", ...rest] = url.pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  if (asked !== bucket) refuse(response, 404, "NoSuchBucket");
  else if (key === "") list(response, url.searchParams, store);
  else give(response, store.objects.get(key), request.headers["if-match"], cut);
}

function give(
  response: ServerResponse,
  content: Uint8Array | undefined,
  ifMatch: string | undefined,
  cut: boolean,
): void {
  if (content === undefined) refuse(response, 404, "NoSuchKey");
  else if (ifMatch !== undefined && ifMatch !== etagOf(content)) refuse(response, 412, "PreconditionFailed");
  else {
    response.writeHead(200, { "content-length": content.length, etag: etagOf(content) });
    if (cut) response.write(content.subarray(0, content.length / 2), () => response.destroy());
    else response.end(content);
  }
}

function list(response: ServerResponse, query: URLSearchParams, { objects, claimedSizes, pageSize }: Store): void {
  const prefix = query.get("prefix") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
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

function xml(text: string): string {
  return text.replaceAll(/[&<>"\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
