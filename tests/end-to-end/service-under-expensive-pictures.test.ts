/**
 * Small files that take much to decode, sent again and again: the others get their answers, and the
 * process stays small.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { expensivePicture } from "../support/expensive-pictures.ts";
import { openConnection } from "../support/http-connection.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { petModel } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";

const cwd = temporaryFolder("expensive-pictures");
const gigabyte = 2 ** 30;
const floodMs = 5000;
let small: Buffer;
let expensive: readonly Buffer[];
beforeAll(async () => {
  await writeUntrainedBundle(petModel, join(cwd, "pets.onnx"));
  small = Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 96 }));
  const side = (px: number) => ({ width: px, height: px });
  expensive = await Promise.all([
    expensivePicture("avif", side(5000)),
    expensivePicture("avif", side(7050)),
    expensivePicture("jpeg progressive", side(6000)),
    expensivePicture("png interlaced", side(6000)),
    expensivePicture("webp lossless", side(6000)),
    expensivePicture("gif", side(5000)),
    expensivePicture("tiff tiles", side(6000)),
  ]);
}, 60_000);

function post(picture: Buffer): Buffer {
  const head = `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: ${picture.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), picture]);
}

it.runIf(process.platform === "linux")(
  "20 clients with pictures that are expensive to decode keep nobody from an answer, and memory under 1 GB",
  async () => {
    const service = startPawprint(["serve", "pets.onnx", "--port", "0"], { cwd });
    await expect.poll(service.err, { timeout: 30_000 }).toMatch(/on http:/);
    const port = Number(new URL(/on (http:\S+)/.exec(service.err())![1]!).port);
    const endsAt = performance.now() + floodMs;
    const keepAsking = async (requests: readonly Buffer[], statuses: Record<string, number>): Promise<void> => {
      let connection = await openConnection(port);
      for (let at = 0; performance.now() < endsAt; at++) {
        if (!connection.isOpen) connection = await openConnection(port);
        const status = await connection.send(requests[at % requests.length]!);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      connection.close();
    };
    const [bystanders, senders]: Record<string, number>[] = [{}, {}];
    const floods = Array.from({ length: 20 }, (_, at) =>
      keepAsking([...expensive.slice(at % expensive.length), ...expensive].map(post), senders!),
    );
    const others = Array.from({ length: 4 }, () => keepAsking([post(small)], bystanders!));
    await Promise.all([...others, ...floods]);

    expect(Object.keys(bystanders!)).toEqual(["200"]);
    // One or two a second, and 504, where all wait in one line.
    expect(bystanders!["200"]).toBeGreaterThan(100);
    // Too large a picture, and those whose turn did not come.
    expect(senders!["400"]).toBeGreaterThan(0);
    expect(senders!["503"]).toBeGreaterThan(0);
    expect(Object.keys(senders!).filter((status) => !["200", "400", "503", "504"].includes(status))).toEqual([]);
    const memory = await readFile(`/proc/${service.child.pid}/status`, "utf8");
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(memory)![1]) * 1024).toBeLessThan(gigabyte);
    service.child.kill("SIGTERM");
    expect(await service.ended).toBe(0);
  },
  60_000,
);
