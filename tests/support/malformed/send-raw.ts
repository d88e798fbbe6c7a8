/** Sends bytes over a socket of their own and reads what comes back. */
import { connect } from "node:net";
import type { RawRequest } from "./request.ts";

export interface RawAnswer {
  /** 0 where the connection was closed without an answer. */
  readonly status: number;
  /** Head and body as they came. */
  readonly text: string;
}

/**
 * Errors: where nobody listens, and where the service neither answers nor hangs up within
 * `patienceMs`.
 */
export function sendRaw(
  port: number,
  { bytes, isAbandoned, kind }: RawRequest,
  patienceMs: number,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const isHead = bytes.subarray(0, 5).toString("latin1") === "HEAD ";
    let isConnected = false;
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${patienceMs} ms to: ${kind}`));
    }, patienceMs);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    socket.on("connect", () => {
      isConnected = true;
      socket.write(bytes, () => {
        if (isAbandoned) setImmediate(end);
      });
    });
    socket.on("data", (chunk) => {
      text = (text + chunk.toString("latin1")).replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
      if (isWhole(text, isHead)) end();
    });
    // A service that has refused may close while the rest of the body is still under way.
    socket.on("error", (error) => {
      if (isConnected) return end();
      clearTimeout(timer);
      reject(error);
    });
    socket.on("close", end);
  });
}

function isWhole(text: string, isHead: boolean): boolean {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  if (isHead || /^HTTP\/1\.1 (204|304)/.test(text)) return true;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return /\r\ntransfer-encoding: *chunked/i.test(head) ? text.endsWith("0\r\n\r\n") : false;
  return text.length >= headEnd + 4 + Number(length);
}
