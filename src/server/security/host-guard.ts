/**
 * Keeps web pages away from a service that only this machine, or only its operators, are meant to
 * reach. Their browsers reach it for any page: of a page whose name is made to resolve to 127.0.0.1
 * (DNS rebinding), the Host header tells; of a page that sends without reading, the Origin header.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { AppError } from "../../base/errors.ts";
import { isLocalName } from "./network.ts";

export interface HostRules {
  /** Whether only known hosts are answered; else any. */
  readonly checksHost: boolean;
  /** Whether requests that change or cost something are refused from pages of other origins. */
  readonly checksOrigin: boolean;
  /** Names beside addresses and `localhost`; `.example.com` for all below it, `*` for any. */
  readonly allowedHosts: readonly string[];
  /** Origins whose pages may call. */
  readonly corsOrigins: readonly string[];
}

/** The fault of a request: REQUEST_INVALID, HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED. */
export type HostGuard = (request: IncomingMessage) => AppError | undefined;

/** Fastify keeps the target of a request here, where it routes by another one. */
type RoutedRequest = IncomingMessage & { readonly originalUrl?: string };

const readingMethods = ["GET", "HEAD", "OPTIONS"];

export function createHostGuard({ checksHost, checksOrigin, allowedHosts, corsOrigins }: HostRules): HostGuard {
  const names = allowedHosts.map((name) => name.toLowerCase());
  const isNamed = (name: string): boolean =>
    names.some((one) => one === name || (one.startsWith(".") && (name.endsWith(one) || name === one.slice(1))));
  const isAllowed = (authority: string): boolean => {
    const name = hostNameOf(authority);
    if (name === undefined) return false;
    // An address cannot be made to resolve to another one.
    return isIP(name) !== 0 || isLocalName(name) || isNamed(name);
  };
  const checksNames = checksHost && !names.includes("*");
  /** Most callers send the same one again. */
  let lastAllowed: string | undefined;

  const hostFault = (request: RoutedRequest): AppError | undefined => {
    const { headers, url = "/", originalUrl = url } = request;
    const { host } = headers;
    if (host !== undefined && host !== lastAllowed) {
      if (!isAllowed(host)) return hostNotAllowed(host);
      lastAllowed = host;
    }
    if (originalUrl.startsWith("/")) return undefined;
    // In a target with a scheme its own host counts, not the header's (RFC 9112, 3.2.2).
    const target = URL.canParse(originalUrl) ? new URL(originalUrl) : undefined;
    return target === undefined || isAllowed(target.host) ? undefined : hostNotAllowed(target.host);
  };
  const originFault = ({ headers: { host = "", origin }, method = "" }: IncomingMessage): AppError | undefined => {
    if (origin === undefined || readingMethods.includes(method) || corsOrigins.includes(origin)) return undefined;
    const page = URL.canParse(origin) ? new URL(origin) : undefined;
    const own = `${page?.protocol}//${host}`;
    const isOwn = page !== undefined && URL.canParse(own) && new URL(own).host === page.host && page.host !== "";
    // Behind a proxy that changes the Host, pages carry the name that people see.
    return isOwn || (page !== undefined && isNamed(page.hostname)) ? undefined : originNotAllowed(origin);
  };
  return (request) =>
    (hasTwoHosts(request.rawHeaders) ? twoHosts() : undefined) ??
    (checksNames ? hostFault(request) : undefined) ??
    (checksOrigin ? originFault(request) : undefined);
}

/** Of `name`, `name:port` or `[address]:port`; undefined for what is no host. */
function hostNameOf(authority: string): string | undefined {
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([^\s:@/\\?#[\],]+))(?::\d{0,5})?$/i.exec(authority) ?? [];
  return address ?? name?.toLowerCase().replace(/\.$/, "");
}

/** Node keeps the first and says nothing; whoever is in front may have gone by another one. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}

function twoHosts(): AppError {
  return new AppError("REQUEST_INVALID", { required: "one Host header", received: "several", where: "header" });
}

function hostNotAllowed(host: string): AppError {
  return new AppError("HOST_NOT_ALLOWED", {
    required: "an address, localhost or an allowed name as the host",
    received: shown(host),
    where: "host header",
    hint: "where the service is meant to be called by this name, add it to `allowedHosts`",
  });
}

function originNotAllowed(origin: string): AppError {
  return new AppError("ORIGIN_NOT_ALLOWED", {
    required: "a request of the service's own pages or of an allowed origin",
    received: shown(origin),
    where: "origin header",
    hint: "where its pages are meant to call the service, add it to `corsOrigins`",
  });
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
