/** Names of folders that stand for splits, or for places where datasets are kept, not for classes. */
import type { Split } from "./source.ts";

const splitOfWord: ReadonlyMap<string, Split> = new Map([
  ...["train", "training", "trn"].map((word) => [word, "train"] as const),
  ...["val", "valid", "validation", "validate", "dev", "devel", "development", "eval", "evaluation"].map(
    (word) => [word, "val"] as const,
  ),
  ...["test", "testing", "tst", "holdout", "heldout"].map((word) => [word, "test"] as const),
]);

/** What stands beside a split's word: `training_set`, `seg_train`, `test-images`, `x_train`. */
const fillers: ReadonlySet<string> = new Set(
  "set data dataset datasets split folder dir images image img imgs pictures picture pics photos photo seg stage final x".split(
    " ",
  ),
);

/** `trainset`, `testdata`, `valimages`. */
const joined = /^(.+?)(?:set|data|split|images?|imgs?)$/;

/** Places for pictures, whatever they show. */
const storageWords: ReadonlySet<string> = new Set(
  (
    "images image imgs img pictures pics photos data dataset raw original originals processed resized cropped augmented masks mask " +
    "annotations annotation labels label segmentation bbox boxes features input inputs output outputs target targets"
  ).split(" "),
);

/** Numbered parts of one set: `fold1`, `part_2`, `batch-03`. */
const partName = /^(?:fold|part|batch|chunk|shard|split|subset|set|group|volume|disk)[\s_-]*\d+$/i;

/**
 * The split that a name stands for: `Validation` and `val2017` are val, `training_set` is train,
 * `test1` is test; undefined for any other name.
 */
export function readSplit(name: string): Split | undefined {
  const words = wordsOf(name).filter((word) => !fillers.has(word));
  const [word] = words;
  return words.length === 1 ? splitOf(word!) : undefined;
}

/** The split of a name that says more than that: `train_cats`. */
export function splitInside(name: string): Split | undefined {
  const words = wordsOf(name).filter((word) => !fillers.has(word));
  const found = new Set(words.flatMap((word) => splitOf(word) ?? []));
  return words.length > 1 && found.size === 1 ? [...found][0] : undefined;
}

/** True for a name that tells where pictures are kept or which part of a set they are. */
export function isStorageName(name: string): boolean {
  return storageWords.has(name.trim().toLowerCase()) || partName.test(name.trim());
}

function splitOf(word: string): Split | undefined {
  return splitOfWord.get(word) ?? splitOfWord.get(joined.exec(word)?.[1] ?? "");
}

/** Lower case, without digits: `X_train2017` is x, train; `TrainSet` is train, set. */
function wordsOf(name: string): string[] {
  const parted = name.normalize("NFKC").replace(/([a-z])([A-Z])/g, "$1 $2");
  return parted
    .toLowerCase()
    .split(/[\s\d_.()[\]-]+/)
    .filter((word) => word !== "");
}
