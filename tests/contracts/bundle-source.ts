/** What every source of bundles must do; each adapter's test runs this suite. */
import { describe, expect, it } from "vitest";
import type { BundleSource } from "../../src/bundle/bundle-source.ts";

export interface PlantedBundle {
  readonly bytes: Uint8Array;
  /** What the model is called. */
  readonly name: string;
  open(maximumBytes: number): Promise<BundleSource>;
}

/** `plant` puts a bundle of more than a kilobyte to a place of its own. */
export function describeBundleSource(kind: string, plant: () => Promise<PlantedBundle>): void {
  describe(`${kind} as a source of bundles`, () => {
    it("gives the bytes in memory of their own, under the same stamp as long as nothing changes", async () => {
      const { open, bytes, name } = await plant();
      const source = await open(2 ** 20);
      expect(source.name).toBe(name);
      expect(source.name).toMatch(/^[\p{L}\p{N}._-]+$/u);
      const stamp = await source.stamp();
      const first = await source.read();
      const second = await source.read();
      expect(Buffer.compare(first.bytes, bytes)).toBe(0);
      expect(first.where).not.toBe("");
      first.bytes.fill(0);
      expect(Buffer.compare(second.bytes, bytes)).toBe(0);
      // An engine's thread takes the memory itself.
      structuredClone(second.bytes, { transfer: [second.bytes.buffer] });
      expect(await source.stamp()).toBe(stamp);
      await source.close?.();
    });

    it("does not read a bundle of more bytes than are allowed", async () => {
      const { open } = await plant();
      const source = await open(900);
      await expect(source.read()).rejects.toMatchObject({
        name: "AppError",
        message: expect.stringContaining("a file of at most 900 B"),
      });
      await source.close?.();
    });

    it("has the same stamp for another opening of the same place", async () => {
      const { open } = await plant();
      const [one, other] = [await open(2 ** 20), await open(2 ** 20)];
      expect(await one.stamp()).toBe(await other.stamp());
      await one.close?.();
      await other.close?.();
    });
  });
}
