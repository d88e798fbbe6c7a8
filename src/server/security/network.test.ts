import { expect, it } from "vitest";
import { isLoopbackHost, networkOf } from "./network.ts";

it("counts hosts: an IPv6 host has more addresses than could be counted", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.7");
  expect(networkOf("::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(networkOf("64:ff9b::cb00:7107")).toBe("64:ff9b::cb00:7107");
  expect(networkOf("2001:db8:0:1::1")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:0db8::1:2:3:4:5")).toBe("2001:db8:0:1::/64");
  expect(networkOf("2001:db8:0:2::1")).not.toBe(networkOf("2001:db8:0:1::1"));
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
});

it.each(["127.0.0.1", "127.8.8.8", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "localhost"])(
  "%s is reached from this machine alone",
  async (host) => expect(await isLoopbackHost(host)).toBe(true),
);

it.each(["0.0.0.0", "::", "192.168.1.5", "128.0.0.1", "::ffff:192.168.1.5"])(
  "%s is reached by others, as far as is known",
  async (host) => expect(await isLoopbackHost(host)).toBe(false),
);
