/** Addresses: which of them are this machine's own, and which belong to one host. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether only this machine itself can reach a service that listens on this address or name. */
export async function isLoopbackHost(host: string): Promise<boolean> {
  if (isLocalName(host)) return true;
  try {
    const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
    return addresses.every(({ address }) => loopback.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"));
  } catch {
    // A name without an address: listening on it will say so.
    return false;
  }
}

/** `localhost` and the names below it mean this machine, and no name server is asked (RFC 6761). */
export function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/**
 * An IPv4 address, or the first 64 bits of an IPv6 one: a single host is given that many, and could
 * change within them at will.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(":")) return mapped ?? ip;
  // Translated from IPv4 (RFC 6052): the network is the translator's, the last bits are the host.
  if (/^64:ff9b::/i.test(ip)) return ip.toLowerCase();
  const [head = "", tail] = ip.split("%")[0]!.toLowerCase().split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const rest = tail?.split(":").filter((group) => group !== "") ?? [];
  const zeros = Array<string>(tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length)).fill("0");
  const all = [...groups, ...zeros, ...rest].map((group) => group.replace(/^0+(?=.)/, ""));
  return `${all.slice(0, 4).join(":")}::/64`;
}
