import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../base/deferred.ts";
import { AppError } from "../../base/errors.ts";
import { createLogger } from "../../base/logger.ts";
import type { KeptPictures } from "../../prediction-log/kept-pictures.ts";
import type { AnsweredPictures } from "../answering/answered-pictures.ts";
import type { PictureInput } from "../input/picture-input.ts";
import { createPictureKeeper, isRequestKept, type PictureKeeper, type PictureKeeperOptions } from "./picture-keeper.ts";

let keeper: PictureKeeper | undefined;
afterEach(async () => {
  await keeper?.close();
  keeper = undefined;
});

function start(options: Partial<PictureKeeperOptions> = {}, keep: KeptPictures["keep"] = async () => undefined) {
  const kept = new Map<string, Uint8Array>();
  const counts = { kept: 0, dropped: 0 };
  const messages: string[] = [];
  const cleaned: number[] = [];
  keeper = createPictureKeeper({
    pictures: {
      async *keys() {},
      location: "the store",
      async keep(picture, bytes, callOptions) {
        await keep(picture, bytes, callOptions);
        kept.set(`${picture.requestId} ${picture.position}`, bytes);
      },
      read: async () => undefined,
      removeRequest: async () => 0,
      async removeBefore(timeMs) {
        cleaned.push(timeMs);
        return 0;
      },
      close: async () => undefined,
    },
    metrics: {
      keptPicture: () => {
        counts.kept++;
      },
      droppedPictures: (count) => {
        counts.dropped += count;
      },
    },
    logger: createLogger((level, message) => messages.push(`${level} ${message}`)),
    percent: 100,
    retentionDays: 90,
    ...options,
  });
  const { observe, idle } = keeper;
  const answer = (id: string, ...pictures: PictureInput[]): void =>
    // What the keeper reads of an answer.
    observe({
      context: { id },
      pictures,
      model: { info: { recipe: { width: 2, height: 1, channels: 3 } } },
    } as unknown as AnsweredPictures);
  return { kept, counts, messages, cleaned, answer, idle, keeper };
}

const file = (text: string): PictureInput => ({ kind: "file", bytes: Buffer.from(text), where: "x" });

describe("the sample of requests", () => {
  it("has the wanted share, is the same for every replica, and grows with the share", () => {
    const ids = Array.from({ length: 4000 }, (_, index) => `request-${index}`);
    const [few, more] = [1, 10].map((percent) => ids.filter((id) => isRequestKept(id, percent)));
    expect(few!.length / ids.length).toBeCloseTo(0.01, 2);
    expect(more!.length / ids.length).toBeCloseTo(0.1, 1);
    for (const id of few!) expect(more).toContain(id);
    expect(ids.filter((id) => isRequestKept(id, 0))).toEqual([]);
    expect(ids.filter((id) => isRequestKept(id, 100))).toEqual(ids);
  });
});

describe("the keeper of pictures", () => {
  it("keeps files as they came, and numbers as PNG", async () => {
    const { kept, counts, answer, idle } = start();
    const pixels = Uint8Array.of(255, 0, 0, 0, 0, 255);
    answer("one", file("first"), { kind: "pixels", pixels, shape: [1, 2, 3], where: "x" });
    await idle();
    expect(Buffer.from(kept.get("one 0")!).toString()).toBe("first");
    const { data, info } = await sharp(kept.get("one 1")!).raw().toBuffer({ resolveWithObject: true });
    expect([info.format, info.width, info.height, info.channels]).toEqual(["raw", 2, 1, 3]);
    expect([...data]).toEqual([...pixels]);
    expect(counts).toEqual({ kept: 2, dropped: 0 });
  });

  it("keeps the bytes that were answered, though their memory is used again", async () => {
    const gate = deferred<void>();
    const { kept, answer, idle } = start({}, () => gate.promise);
    const input = file("first");
    answer("one", input);
    if (input.kind === "file") input.bytes.fill(0);
    gate.resolve();
    await idle();
    expect(Buffer.from(kept.get("one 0")!).toString()).toBe("first");
  });

  it("keeps nothing of requests outside the sample", async () => {
    const { kept, answer, idle } = start({ percent: 0 });
    answer("one", file("first"));
    await idle();
    expect(kept.size).toBe(0);
  });

  it("drops and counts what there is no room for, by number and by bytes", async () => {
    const gate = deferred<void>();
    const { kept, counts, answer, idle, keeper } = start({ room: { pictures: 3, bytes: 10 } }, () => gate.promise);
    answer("one", file("1234"), file("12345678"), file("12"), file("1"), file("2"));
    // The second has too many bytes, the last one comes when three are waiting.
    expect(counts.dropped).toBe(2);
    expect(keeper.waiting).toBe(3);
    gate.resolve();
    await idle();
    expect([...kept.keys()]).toEqual(["one 0", "one 2", "one 3"]);
    answer("two", file("1234567890"));
    await idle();
    expect(kept.has("two 0")).toBe(true);
    expect(keeper.waiting).toBe(0);
  });

  it("goes on after failures, counts them, and says so once until it works again", async () => {
    let isAway = true;
    const { kept, counts, messages, answer, idle } = start({}, async () => {
      if (isAway) throw new AppError("STORE_FAILED", { required: "a store that answers", received: "none" });
    });
    answer("one", file("1"), file("2"), file("3"));
    await idle();
    isAway = false;
    answer("two", file("1"));
    await idle();
    expect(counts).toEqual({ kept: 1, dropped: 3 });
    expect([...kept.keys()]).toEqual(["two 0"]);
    expect(messages).toEqual([
      "warn pictures cannot be kept: Expected a store that answers; got none",
      "info pictures are kept in the store again",
    ]);
  });

  it("drops a file whose numbers are no picture, and goes on", async () => {
    const { kept, counts, answer, idle } = start();
    answer("one", { kind: "pixels", pixels: Uint8Array.of(1, 2), shape: [2], where: "x" }, file("1"));
    await idle();
    expect(counts).toEqual({ kept: 1, dropped: 1 });
    expect([...kept.keys()]).toEqual(["one 1"]);
  });

  it("writes what waits before it ends, and takes nothing after", async () => {
    const { kept, counts, answer, keeper } = start();
    answer("one", file("1"), file("2"), file("3"));
    await keeper.close();
    expect(kept.size).toBe(3);
    answer("two", file("1"));
    expect(counts).toEqual({ kept: 3, dropped: 1 });
  });

  it("removes what is older than the log's days from its start on", () => {
    const before = Date.now();
    const { cleaned } = start({ retentionDays: 2 });
    expect(cleaned).toHaveLength(1);
    expect(cleaned[0]! - before + 2 * 24 * 3_600_000).toBeGreaterThanOrEqual(0);
    expect(cleaned[0]! - Date.now() + 2 * 24 * 3_600_000).toBeLessThanOrEqual(0);
  });
});
