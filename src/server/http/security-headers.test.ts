import { expect, it } from "vitest";
import { securityHeaders } from "./security-headers.ts";

const policy = new Map(
  securityHeaders["content-security-policy"]!.split(";").map((directive) => {
    const [name = "", ...sources] = directive.trim().split(" ");
    return [name, sources];
  }),
);

it("lets pages load from the service alone; pictures also from memory, as chosen files are", () => {
  expect(Object.fromEntries(policy)).toEqual({
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "media-src": ["'self'", "blob:"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
  });
});

it("lets no script run from a page's own text", () => {
  const scripts = policy.get("script-src") ?? policy.get("default-src");
  expect(scripts).toEqual(["'self'"]);
});

it.each([
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["x-permitted-cross-domain-policies", "none"],
])("sets %s to %s", (name, value) => {
  expect(securityHeaders[name]).toBe(value);
});

it.each(["strict-transport-security", "x-powered-by"])("leaves %s to whoever stands in front", (name) => {
  expect(securityHeaders).not.toHaveProperty(name);
});

it("has every name in small letters and every value as text, as an answer takes them", () => {
  for (const [name, value] of Object.entries(securityHeaders)) {
    expect(name).toMatch(/^[a-z-]+$/);
    expect(value).toMatch(/^[\x20-\x7e]+$/);
  }
});
