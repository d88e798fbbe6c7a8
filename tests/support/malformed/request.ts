/** A request as bytes, so that it may be wrong in any way. */

export interface RawRequest {
  /** What is wrong with it, in words. */
  readonly kind: string;
  readonly bytes: Buffer;
  /** Nothing more follows, though the request is not complete: the service has to give up on it. */
  readonly isSlow?: boolean;
  /** The client goes away after the last byte and reads no answer. */
  readonly isAbandoned?: boolean;
}

export interface RequestParts {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** HTTP/1.1 with the body's true length, unless `headers` say another one. */
export function rawRequest({ method = "POST", path, headers = {}, body = "" }: RequestParts): Buffer {
  const bytes = Buffer.from(body as string); // either overload of Buffer.from takes it
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const hasLength = names.includes("content-length") || names.includes("transfer-encoding");
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = hasLength ? "" : `content-length: ${bytes.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${length}${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}
