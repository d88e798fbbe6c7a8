/** The attacks: one row each. Whoever finds another one adds a row. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Attack, Means } from "./attack.ts";
import { deepBundle, endlessFile, pipe, singlePictureBundles } from "./bundles.ts";
import { type BombFormat, flatPicture, noisePicture } from "./pictures.ts";
import { get, post, repeated } from "./requests.ts";

/** The service's default for the largest body. */
const bodyBytes = 16 * 2 ** 20;

const bomb = (format: BombFormat, megapixels: number, coding: string): Attack => ({
  name: `${format}-${Math.round(megapixels)}mp`,
  sends: `${coding} of ${megapixels} megapixels, one colour`,
  clients: 20,
  means: {
    by: "requests",
    request: async () => post("/predict", `image/${format}`, await flatPicture(format, megapixels)),
  },
});

const json = (name: string, sends: string, build: () => Buffer): Attack => ({
  name,
  sends,
  clients: 16,
  means: { by: "requests", request: async () => post("/predict", "application/json", build()) },
});

type MakeBundles = Extract<Means, { readonly by: "bundles" }>["bundles"];

const dropped = (name: string, sends: string, bundles: MakeBundles): Attack => ({
  name,
  sends,
  clients: 1,
  means: { by: "bundles", bundles },
  flags: async () => ["--poll-ms", "200"],
});

export const attacks: readonly Attack[] = [
  bomb("avif", 49.7, "AVIF"),
  bomb("png", 49.7, "interlaced PNG"),
  bomb("jpeg", 49.7, "progressive JPEG"),
  bomb("webp", 49.7, "lossless WebP"),
  bomb("gif", 49.7, "GIF"),
  // As large as photographs of phones are.
  bomb("avif", 24, "AVIF"),
  bomb("png", 24, "interlaced PNG"),
  bomb("jpeg", 24, "progressive JPEG"),
  json("json-nested", "16 MiB of [", () => repeated(bodyBytes, "", "[", "")),
  json("json-numbers", "16 MiB of JSON numbers", () => repeated(bodyBytes, '{"image":[0', ",0.123456", "]}")),
  json("json-empty-arrays", "a list of empty lists, 16 MiB", () => repeated(bodyBytes, '{"image":[[]', ",[]", "]}")),
  {
    name: "explain",
    sends: "small JPEGs to /explain",
    clients: 16,
    means: { by: "requests", request: async ({ jpeg }) => post("/explain", "image/jpeg", jpeg) },
  },
  {
    name: "slow-readers",
    sends: "GET /samples/0, a picture of 8 MB, never read",
    clients: 300,
    means: { by: "slow readers", request: async () => get("/samples/0") },
    flags: async ({ folder }) => {
      const samples = join(folder, "large-samples");
      await mkdir(join(samples, "cat"), { recursive: true });
      await writeFile(join(samples, "cat", "0.png"), await noisePicture(1664));
      return ["--samples", samples];
    },
  },
  {
    name: "idle-sockets",
    sends: "nothing, of 100 connections",
    clients: 100,
    means: { by: "idle sockets" },
    flags: async () => ["--connections", "100"],
  },
  {
    name: "slow-heads",
    sends: "a byte of a head a second, of 100 connections",
    clients: 100,
    means: { by: "slow heads" },
    flags: async () => ["--connections", "100"],
  },
  {
    name: "many-addresses",
    sends: "requests of 5,200 addresses after one address has used up its rate",
    clients: 1,
    means: { by: "many addresses", addresses: 5200 },
    flags: async () => ["--requests-per-minute", "5000"],
  },
  dropped("bundle-deep", "a bundle of 1,000,000 nodes, into the folder", deepBundle),
  dropped("bundle-pipe", "a FIFO, into the folder", pipe),
  dropped("bundle-endless", "a link to /dev/zero, into the folder", endlessFile),
  dropped("bundle-warm-up", "5 bundles that fail at their warm-up, into the folder", singlePictureBundles),
  {
    name: "log-full",
    sends: "nothing: the log goes to /dev/full",
    clients: 0,
    means: { by: "nobody" },
    flags: async () => ["--log-file", "/dev/full"],
  },
];
