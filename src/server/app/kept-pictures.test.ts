import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { drawSamplePicture } from "../../image/sample-pictures.ts";
import { openKeptPictures } from "../../prediction-log/kept-pictures.ts";
import { openPredictionLog } from "../../prediction-log/open-prediction-log.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import type { ServeConfig } from "../serve-config.ts";

let service: RunningService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function start(options: Partial<ServeConfig>) {
  const folder = temporaryFolder("kept");
  const keepPictures = join(folder, "pictures");
  service = await startService(petModel, { keepPictures, keepPercent: 100, ...options });
  const { app, service: parts } = service.server;
  const picture = Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 32 }));
  const predict = (id: string, payload: Buffer | object = picture) => {
    const type = Buffer.isBuffer(payload) ? "image/jpeg" : "application/json";
    const headers = { "content-type": type, "x-request-id": id };
    return app.inject({ method: "POST", url: "/predict", headers, payload });
  };
  return { folder, keepPictures, app, keeper: parts.keeper!, picture, predict };
}

describe("a service that keeps pictures", () => {
  it("has those of its predictions, whatever a caller's id is and whatever form they had", async () => {
    const predictionLog = join(temporaryFolder("log"), "predictions.db");
    const { folder, keepPictures, app, predict, picture } = await start({ predictionLog });
    const base64 = picture.toString("base64");
    const pixels = Array.from({ length: 32 * 32 * 3 }, (_, at) => at % 256);
    const ids = ["../../x", "/etc/passwd", "plain", "PLAIN", "X".repeat(128)];
    for (const id of ids) expect((await predict(id)).statusCode).toBe(200);
    expect((await predict("many", { images: [base64, pixels] })).statusCode).toBe(200);
    // No id of a header: it would be a second line of a log.
    const long = await predict("y".repeat(10_000));
    expect(long.json().request_id).toMatch(/^[\da-f-]{36}$/);
    expect((await app.inject("/metrics")).body).toContain("pawprint_kept_pictures_dropped_total 0");
    await service?.close();
    expect(await readdir(folder)).toEqual(["pictures"]);
    const pictures = openKeptPictures(openFolderStore(keepPictures));
    const log = await openPredictionLog(predictionLog);
    const found: string[] = [];
    for await (const row of log.read()) {
      const bytes = await pictures.read(row);
      found.push(`${row.requestId} ${row.position}`);
      if (row.requestId === "many" && row.position === 1)
        expect([...(await sharp(bytes).raw().toBuffer())]).toEqual(pixels);
      else expect(Buffer.from(bytes!).equals(picture)).toBe(true);
    }
    await log.close();
    expect(found).toEqual(expect.arrayContaining([...ids.map((id) => `${id} 0`), "many 0", "many 1"]));
    expect(found).toHaveLength(8);
  });

  it("keeps none unless it is told to, and none of what it refuses", async () => {
    const { keepPictures, predict, keeper } = await start({ keepPercent: 0 });
    expect((await predict("one")).statusCode).toBe(200);
    await keeper.idle();
    await expect(readdir(keepPictures)).rejects.toThrow("ENOENT");
    await service?.close();
    const all = await start({});
    expect((await all.predict("one", Buffer.from("no picture"))).statusCode).toBe(400);
    await all.keeper.idle();
    await expect(readdir(all.keepPictures)).rejects.toThrow("ENOENT");
    await service?.close();
    service = await startService(petModel);
    expect(service.server.service.keeper).toBeUndefined();
  });

  it("answers where its store fails, and counts what is lost", async () => {
    const file = join(temporaryFolder("kept"), "file");
    await writeFile(file, "no folder");
    const { app, predict, keeper } = await start({ keepPictures: join(file, "pictures") });
    for (const id of ["one", "two"]) expect((await predict(id)).statusCode).toBe(200);
    await keeper.idle();
    const metrics = (await app.inject("/metrics")).body;
    expect(metrics).toContain("pawprint_kept_pictures_dropped_total 2");
    expect(metrics).toContain("pawprint_kept_pictures_total 0");
    expect(metrics).toContain("pawprint_kept_pictures_waiting 0");
  });

  it("does not start with an address that names no store", async () => {
    await expect(start({ keepPictures: "ftp://host/pictures" })).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });
});
