/** Public sets of labelled pictures, fetched from their publishers. */
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { type DownloadOptions, downloadFile } from "../base/files/download.ts";
import { withLock } from "../base/locks/lock-file.ts";
import { hintForName } from "../base/nearest.ts";

export interface PublicFile {
  readonly name: string;
  /** Addresses of the same bytes, the publisher's first. */
  readonly urls: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A public dataset: its files, publisher and licence. */
export interface PublicSet {
  readonly title: string;
  /** The publisher's page. */
  readonly page: string;
  /** What one may do with it, in a line. */
  readonly licence: string;
  readonly files: readonly PublicFile[];
}

const mnistFile = (name: string, sizeBytes: number, sha256: string): PublicFile => ({
  name,
  urls: [
    `https://ossci-datasets.s3.amazonaws.com/mnist/${name}`,
    `https://storage.googleapis.com/cvdf-datasets/mnist/${name}`,
  ],
  sizeBytes,
  sha256,
});

/** By the name that `pawprint data fetch` takes. */
export const publicSets: Readonly<Record<string, PublicSet>> = {
  mnist: {
    title: "MNIST: 70,000 handwritten digits, 28 x 28 pixels, grey",
    page: "http://yann.lecun.com/exdb/mnist/",
    licence: "LeCun and Cortes; usually cited as CC BY-SA 3.0",
    files: [
      mnistFile(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      ),
      mnistFile(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      ),
      mnistFile(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      ),
      mnistFile("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ],
  },
  "cats-vs-dogs": {
    title: "Cats vs Dogs: 25,000 photographs, some of them broken (data check finds them)",
    page: "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
    licence: "Microsoft Research and Petfinder (Asirra): for research; not to be passed on",
    files: [
      {
        name: "kagglecatsanddogs_5340.zip",
        urls: [
          "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
        ],
        sizeBytes: 824_887_076,
        // As TensorFlow Datasets publishes it.
        sha256: "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
      },
    ],
  },
};

export interface FetchOptions extends DownloadOptions {
  /** The folder; made where it is missing. */
  readonly to: string;
  readonly sets?: Readonly<Record<string, PublicSet>>;
}

/** What was fetched, and where it lies. */
export interface FetchedSet {
  readonly name: string;
  /** What `openSource` opens: the only file, or the folder of several. */
  readonly location: string;
  readonly files: readonly {
    readonly path: string;
    readonly sizeBytes: number;
    readonly status: "downloaded" | "present";
  }[];
}

/**
 * Downloads the files of a public set; those that are there already are checked and left alone.
 * Errors: CLI_USAGE for a name that no set has; those of `downloadFile`; LOCKED.
 */
export async function fetchPublicSet(name: string, options: FetchOptions): Promise<FetchedSet> {
  const { to, sets = publicSets, signal } = options;
  const set = Object.hasOwn(sets, name) ? sets[name]! : undefined;
  if (set === undefined) {
    const hint = hintForName(name, Object.keys(sets));
    throw new AppError("CLI_USAGE", {
      required: `one of the sets ${Object.keys(sets).join(", ")}`,
      received: `'${name}'`,
      ...(hint !== undefined && { hint }),
    });
  }
  await ensureFolder(to);
  const fetchAll = async (): Promise<FetchedSet> => {
    const files = [];
    for (const { name: fileName, ...facts } of set.files) {
      const path = join(to, fileName);
      const status = await downloadFile({ ...facts, to: path }, options);
      files.push({ path, sizeBytes: facts.sizeBytes, status });
    }
    return { name, location: files.length === 1 ? files[0]!.path : to, files };
  };
  return withLock(join(to, ".fetch.lock"), fetchAll, { ...(signal && { signal }) });
}
