import { expect, it } from "vitest";
import { exposureOf } from "./exposure.ts";

const settings = { host: "127.0.0.1", adminHost: "127.0.0.1", adminPort: 9000, adminWithoutKeys: false };

it("a service for this machine alone warns of nothing", async () => {
  expect(await exposureOf(settings)).toEqual({ isLocal: true, warnings: [] });
});

it("one that other machines reach without a key says so; with keys it does not", async () => {
  const open = await exposureOf({ ...settings, host: "0.0.0.0" });
  expect(open).toEqual({
    isLocal: false,
    warnings: ["Other machines can call this service on 0.0.0.0 without a key; keysFile asks for one."],
  });
  expect(await exposureOf({ ...settings, host: "0.0.0.0", keysFile: "keys.json" })).toEqual({
    isLocal: false,
    warnings: [],
  });
});

it("admin routes that other machines reach need keys, or to be meant so", async () => {
  const open = { ...settings, adminHost: "0.0.0.0" };
  await expect(exposureOf(open)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message:
      "Expected keys or tokens where other machines can reach the admin routes; got adminHost 0.0.0.0 and neither",
  });
  expect((await exposureOf({ ...open, adminWithoutKeys: true })).warnings).toHaveLength(1);
  expect((await exposureOf({ ...open, keysFile: "keys.json" })).warnings).toEqual([]);
  const { adminPort: _, ...without } = open;
  expect((await exposureOf(without)).warnings).toEqual([]);
});
