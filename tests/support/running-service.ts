/**
 * The real service on a free port of this machine, with an untrained model and drawn sample
 * pictures.
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Recipe } from "../../src/image/recipe.ts";
import { drawSamplePicture, sampleLabels } from "../../src/image/sample-pictures.ts";
import type { ServerOptions } from "../../src/server/create-server.ts";
import { createServer } from "../../src/wire/library.ts";
import { type UntrainedModel, writeUntrainedBundle } from "./untrained-bundle.ts";

export interface RunningService {
  readonly server: Awaited<ReturnType<typeof createServer>>;
  readonly origin: string;
  /** Where the admin routes answer; "" where the options name no port for them. */
  readonly adminOrigin: string;
  /** Its own; what lies there goes with it: `model.onnx`, `samples/`, `service.log`. */
  readonly folder: string;
  /** Ends it and takes its folder away. */
  close(): Promise<void>;
}

const recipeOf = (sidePx: number, channels: 1 | 3): Recipe => ({
  width: sidePx,
  height: sidePx,
  channels,
  fit: "cover",
  kernel: "lanczos3",
});

export const petModel: UntrainedModel = { labels: sampleLabels, widths: [8, 8], recipe: recipeOf(32, 3) };
export const digitModel: UntrainedModel = { labels: [..."0123456789"], widths: [8, 8], recipe: recipeOf(28, 1) };

const samplesPerClass = 2;

/** `options` may name another model than the one that is written. */
export async function startService(
  model: UntrainedModel = petModel,
  options: Partial<ServerOptions> = {},
): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-service-"));
  const path = join(folder, "model.onnx");
  await writeUntrainedBundle(model, path);
  await writeSamples(join(folder, "samples"));
  const server = await createServer({
    model: path,
    samples: join(folder, "samples"),
    port: 0,
    logFile: join(folder, "service.log"),
    ...options,
  });
  const { url, adminUrl = "" } = await server.listen();
  return {
    server,
    origin: url,
    adminOrigin: adminUrl,
    folder,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeSamples(folder: string): Promise<void> {
  for (const label of sampleLabels) {
    await mkdir(join(folder, label), { recursive: true });
    for (let seed = 0; seed < samplesPerClass; seed++) {
      await writeFile(join(folder, label, `${seed}.jpg`), await drawSamplePicture({ label, seed, sizePx: 96 }));
    }
  }
}
