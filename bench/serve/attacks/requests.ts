/** Whole HTTP requests as bytes. */

/** A POST of `body` that leaves the connection open. */
export function post(path: string, contentType: string, body: Buffer): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    "host: localhost",
    `content-type: ${contentType}`,
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

export function get(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
}

/** `start`, then `part` again and again, then `end`: as many bytes as fit into `sizeBytes`. */
export function repeated(sizeBytes: number, start: string, part: string, end: string): Buffer {
  const room = sizeBytes - start.length - end.length;
  return Buffer.from(`${start}${part.repeat(Math.floor(room / part.length))}${end}`);
}
