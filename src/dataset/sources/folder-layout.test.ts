import { describe, expect, it } from "vitest";
import { isAppError } from "../../base/errors.ts";
import { portableNames } from "../portable-name.ts";
import { type LayoutFacts, readLayout } from "./folder-layout.ts";
import { readSplit } from "./split-words.ts";

/** `path -> label` or `path -> split: label`. */
const labelsOf = (paths: readonly string[], options: Partial<LayoutFacts> = {}): Record<string, string> =>
  Object.fromEntries(
    readLayout(paths, { where: "pets", ...options }).labelled.map(({ path, label, split }) => [
      path,
      split ? `${split}: ${label}` : label,
    ]),
  );
const unlabelledOf = (paths: readonly string[]): string[] =>
  readLayout(paths, { where: "pets" }).unlabelled.map(({ id }) => id);
const remarksOf = (paths: readonly string[], options: Partial<LayoutFacts> = {}): string[] =>
  readLayout(paths, { where: "pets", ...options }).remarks.map(({ kind, id, reason }) => `${kind} ${id}: ${reason}`);

describe("labels from paths", () => {
  it("take time that grows with their number, not with its square, whatever the folders are", {
    timeout: 20_000,
  }, () => {
    // A square of 40,000 folders takes minutes.
    const numbers = Array.from({ length: 20_000 }, (_, at) => at);
    const paths = numbers.flatMap((at) => [`train${at}/cat${at}/a.jpg`, `train${at}/dog/b.jpg`, `test${at}/dog/c.jpg`]);
    const bareFolders = new Map(numbers.map((at) => [`train${at}/bird`, "empty"] as const));
    const { labelled, remarks } = readLayout(paths, { where: "pets", bareFolders });
    expect(labelled).toHaveLength(60_000);
    expect(remarks).toHaveLength(20_000);
    const alike = numbers.map((at) =>
      [..."abcdefghijklmnop"].map((letter, bit) => ((at >> bit) & 1 ? letter.toUpperCase() : letter)).join(""),
    );
    expect(new Set(portableNames(alike).values()).size).toBe(20_000);
  });

  it("are the names of the folders", () => {
    const paths = ["cat/a.jpg", "cat/more/deeper/b.png", "dog/c.jpeg"];
    expect(labelsOf(paths)).toEqual({ "cat/a.jpg": "cat", "cat/more/deeper/b.png": "cat", "dog/c.jpeg": "dog" });
  });

  it("are found below folders that hold everything", () => {
    const paths = ["pets/v2/cat/a.jpg", "pets/v2/dog/b.jpg", "pets/README.md"];
    expect(labelsOf(paths)).toEqual({ "pets/v2/cat/a.jpg": "cat", "pets/v2/dog/b.jpg": "dog" });
  });

  it("are the first parts of numbered names that stand in one folder", () => {
    expect(labelsOf(["cat.1.jpg", "dog.22.jpg", "guinea.pig.3.jpg"])).toEqual({
      "cat.1.jpg": "cat",
      "dog.22.jpg": "dog",
      "guinea.pig.3.jpg": "guinea.pig",
    });
    expect(labelsOf(["all/cat.1.jpg", "all/dog.2.jpg"])).toEqual({ "all/cat.1.jpg": "cat", "all/dog.2.jpg": "dog" });
  });

  it("are the folder's name where its only class repeats it", () => {
    expect(labelsOf(["cat/cat.1.jpg", "cat/cat.2.jpg"])).toEqual({ "cat/cat.1.jpg": "cat", "cat/cat.2.jpg": "cat" });
    expect(labelsOf(["cat/x.jpg", "cat/y.jpg"])).toEqual({ "cat/x.jpg": "cat", "cat/y.jpg": "cat" });
  });

  it("come with the split where folders give it", () => {
    const paths = ["x/train/cat/a.jpg", "x/train/dog/b.jpg", "x/Validation/cat/c.jpg", "x/test/dog/d.jpg"];
    expect(labelsOf(paths)).toEqual({
      "x/train/cat/a.jpg": "train: cat",
      "x/train/dog/b.jpg": "train: dog",
      "x/Validation/cat/c.jpg": "val: cat",
      "x/test/dog/d.jpg": "test: dog",
    });
    expect(labelsOf(["train/cat.1.jpg", "train/dog.1.jpg", "test/cat.2.jpg"])).toEqual({
      "train/cat.1.jpg": "train: cat",
      "train/dog.1.jpg": "train: dog",
      "test/cat.2.jpg": "test: cat",
    });
  });

  it("come with the split of a folder that stands alone", () => {
    expect(labelsOf(["train/cat/a.jpg", "train/dog/b.jpg"])).toEqual({
      "train/cat/a.jpg": "train: cat",
      "train/dog/b.jpg": "train: dog",
    });
  });

  it("are one text for one name, however its accents are composed", () => {
    const layout = readLayout(["Be\u0301be\u0301/a.jpg", "dog/b.jpg"], { where: "pets" });
    expect(layout.labelled[0]).toEqual({ path: "Be\u0301be\u0301/a.jpg", label: "B\u00e9b\u00e9" });
  });

  it("are of files that can be pictures, by their names or beside such", () => {
    const paths = ["cat/a.jpg", "cat/notes.txt", "cat/README", "cat/photo", "cat/b.jpg_large", "dog/b.jpg", "LICENSE"];
    expect(Object.keys(labelsOf([...paths, "models/weights.bin"]))).toEqual([
      "cat/a.jpg",
      "cat/photo",
      "cat/b.jpg_large",
      "dog/b.jpg",
    ]);
    expect(Object.values(labelsOf(["cat/a.jpg_large", "dog/b.jpg"]))).toEqual(["cat", "dog"]);
    expect(remarksOf([...paths, "models/weights.bin"])).toEqual([
      "other-files : no pictures by their names: 'cat/notes.txt', 'cat/README', 'LICENSE' and 1 more",
    ]);
  });

  it("pass over what systems leave behind", () => {
    const paths = ["cat/a.jpg", "dog/b.jpg", "cat/.DS_Store", "dog/Thumbs.db", "__MACOSX/cat/._a.jpg", ".git/x/y.jpg"];
    expect(Object.keys(labelsOf(paths))).toEqual(["cat/a.jpg", "dog/b.jpg"]);
    expect(unlabelledOf(paths)).toEqual([]);
  });

  it("are missing for pictures beside the class folders and for names of another form", () => {
    expect(unlabelledOf(["cat/a.jpg", "dog/b.jpg", "stray.jpg"])).toEqual(["stray.jpg"]);
    expect(unlabelledOf(["cat.1.jpg", "IMG_2.jpg"])).toEqual(["IMG_2.jpg"]);
    expect(unlabelledOf(["a.jpg", "b.jpg"])).toEqual(["a.jpg", "b.jpg"]);
  });

  it("are refused, with the reason, where the text cannot be a label", () => {
    const long = "x".repeat(1000);
    const { labelled, unlabelled } = readLayout(
      ["cat/a.jpg", " cat/b.jpg", " /c.jpg", `${long}/d.jpg`, "two\nlines/e.jpg"],
      { where: "pets" },
    );
    expect(labelled).toEqual([
      { path: "cat/a.jpg", label: "cat" },
      { path: " cat/b.jpg", label: "cat" },
    ]);
    expect(unlabelled).toEqual([
      { id: " /c.jpg", code: "DATASET_LABEL_MISSING", reason: "an empty label" },
      {
        id: `${long}/d.jpg`,
        code: "DATASET_LABEL_MISSING",
        reason: `label '${"x".repeat(40)}...' of 1000 bytes, more than 255`,
      },
      {
        id: "two\nlines/e.jpg",
        code: "DATASET_LABEL_MISSING",
        reason: expect.stringContaining("with a line break"),
      },
    ]);
  });

  it("are not found in the properties that every object has", () => {
    expect(labelsOf(["constructor/a.jpg", "toString/b.jpg"])).toEqual({
      "constructor/a.jpg": "constructor",
      "toString/b.jpg": "toString",
    });
  });
});

describe("folders named for splits", () => {
  it.each([
    ["Training Set", "train"],
    ["trainset", "train"],
    ["X_train", "train"],
    ["TrainImages", "train"],
    ["train2017", "train"],
    ["seg_train", "train"],
    ["dev", "val"],
    ["valid", "val"],
    ["Validation-Data", "val"],
    ["test1", "test"],
    ["TEST", "test"],
    ["test_set", "test"],
    ["holdout", "test"],
  ] as const)("%s is %s", (name, split) => {
    expect(readSplit(name)).toBe(split);
  });

  it.each(["cat", "test tube", "training dogs", "protest", "7", "set", "", "testament", "devil", "trainer"])(
    "%o is no split",
    (name) => {
      expect(readSplit(name)).toBeUndefined();
    },
  );

  it("stay splits with a picture beside them", () => {
    const paths = ["train/cat/a.jpg", "train/dog/b.jpg", "val/cat/c.jpg", "cover.jpg"];
    expect(labelsOf(paths)).toEqual({
      "train/cat/a.jpg": "train: cat",
      "train/dog/b.jpg": "train: dog",
      "val/cat/c.jpg": "val: cat",
    });
    expect(unlabelledOf(paths)).toEqual(["cover.jpg"]);
  });

  it.each(["", "pets/", "archive/dogs-vs-cats/"])(
    "are found below %o, in other words and around a folder of their name",
    (at) => {
      const inner = [
        "training_set/training_set/cats/a.jpg",
        "training_set/training_set/dogs/b.jpg",
        "test_set/test_set/cats/c.jpg",
      ];
      const found = Object.values(labelsOf(inner.map((path) => `${at}${path}`)));
      expect(found).toEqual(["train: cats", "train: dogs", "test: cats"]);
    },
  );

  it("may have no labels: their pictures are named as such", () => {
    const paths = ["train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg", "test1/2.jpg"];
    expect(labelsOf(paths)).toEqual({ "train/cat.0.jpg": "train: cat", "train/dog.0.jpg": "train: dog" });
    expect(unlabelledOf(paths)).toEqual([]);
    const remark = ["unlabelled-folder test1: 2 pictures of the test split without labels, which are left out"];
    expect(remarksOf(paths)).toEqual(remark);
    expect(remarksOf(["train/cat/0.jpg", "train/dog/0.jpg", "test1/unknown/1.jpg", "test1/unknown/2.jpg"])).toEqual(
      remark,
    );
    expect(remarksOf(["train/cat/0.jpg", "train/dog/0.jpg", "test1/img.1.jpg", "test1/img.2.jpg"])).toEqual(remark);
    expect(remarksOf(["train/cat/0.jpg", "train/dog/0.jpg", "test1/test1/1.jpg", "test1/test1/2.jpg"])).toEqual(remark);
  });

  it("may stand beside folders that are no splits, which are left out", () => {
    const halves = ["train", "valid"].flatMap((half) => [`${half}/cats/a.jpg`, `${half}/dogs/b.jpg`]);
    const paths = [...halves, "test1/1.jpg", "sample/train/cats/a.jpg", "sample/valid/dogs/b.jpg"];
    expect(Object.values(labelsOf(paths))).toEqual(["train: cats", "train: dogs", "val: cats", "val: dogs"]);
    expect(remarksOf(paths)).toEqual([
      "unlabelled-folder test1: 1 picture of the test split without labels, which are left out",
      "outside-layout sample: 2 pictures in no class and no split, which are left out",
    ]);
    expect(unlabelledOf(paths)).toEqual([]);
  });

  it("may hold one class, whatever it is called", () => {
    const paths = ["train/mask/a.jpg", "train/no_mask/b.jpg", "test/mask/c.jpg"];
    expect(Object.values(labelsOf(paths))).toEqual(["train: mask", "train: no_mask", "test: mask"]);
  });

  it("may stand inside the classes", () => {
    const paths = ["pets/cat/train/a.jpg", "pets/cat/test/b.jpg", "pets/dog/train/c.jpg", "pets/dog/test/d.jpg"];
    expect(Object.values(labelsOf(paths))).toEqual(["train: cat", "test: cat", "train: dog", "test: dog"]);
  });
});

describe("a layout that is not clear", () => {
  const faultOf = (paths: readonly string[]): unknown => {
    try {
      return readLayout(paths, { where: "pets" });
    } catch (error) {
      return isAppError(error) ? `${error.code}: ${error.received}` : error;
    }
  };

  it.each([
    [
      ["train/cat/a.jpg", "train/dog/b.jpg", "extra/cat/c.jpg", "extra/dog/d.jpg"],
      "'train' (2 pictures in 'cat', 'dog'), 'extra' (2 pictures in 'cat', 'dog')",
    ],
    [["cat/a.jpg", "dog/b.jpg", "test/1.jpg"], "'cat' (1 picture), 'dog' (1 picture), 'test' (1 picture)"],
    [
      ["train/cats/a.jpg", "train/dogs/b.jpg", "test/cat/c.jpg", "test/dog/d.jpg"],
      "'cats', 'dogs' in train, 'cat', 'dog' in 'test'",
    ],
    [
      ["train_cats/a.jpg", "train_dogs/b.jpg", "test_cats/c.jpg"],
      "'train_cats' (1 picture), 'train_dogs' (1 picture), 'test_cats' (1 picture)",
    ],
    [
      ["fold1/cat/a.jpg", "fold1/dog/b.jpg", "fold2/cat/c.jpg"],
      "'fold1' (2 pictures in 'cat', 'dog'), 'fold2' (1 picture in 'cat')",
    ],
    [["images/a.jpg", "masks/a.png"], "'images' (1 picture), 'masks' (1 picture)"],
    [["cat/train/a.jpg", "cat/test/b.jpg", "dog/c.jpg"], "'cat' (2 pictures in 'train', 'test'), 'dog' (1 picture)"],
    [
      ["a/train/cat/1.jpg", "a/test/cat/2.jpg", "b/train/cat/3.jpg", "b/test/cat/4.jpg"],
      "'a' (2 pictures in 'train', 'test'), 'b' (2 pictures in 'train', 'test')",
    ],
  ])("is refused: %j", (paths, received) => {
    expect(faultOf(paths)).toBe(`DATASET_LAYOUT_UNCLEAR: ${received}`);
  });

  it("is decided by the option layout", () => {
    const paths = ["train/cat/a.jpg", "train/dog/b.jpg", "extra/cat/c.jpg"];
    expect(Object.values(labelsOf(paths, { layout: "splits" }))).toEqual(["train: cat", "train: dog"]);
    expect(Object.values(labelsOf(paths, { layout: "classes" }))).toEqual(["train", "train", "extra"]);
    expect(labelsOf(["train/a.jpg", "test/b.jpg"], { layout: "classes" })).toEqual({
      "train/a.jpg": "train",
      "test/b.jpg": "test",
    });
    expect(() => readLayout(["cat/a.jpg", "dog/b.jpg"], { where: "pets", layout: "splits" })).toThrow(
      "Expected folders named train, val or test; got 'cat' (1 picture), 'dog' (1 picture) (pets)",
    );
  });

  it("is not that of vehicles, among which are trains", () => {
    const paths = ["bus/a.jpg", "car/b.jpg", "train/c.jpg"];
    expect(Object.values(labelsOf(paths))).toEqual(["bus", "car", "train"]);
    expect(remarksOf(paths)).toEqual([
      "split-as-class train: 1 picture taken for a class, though the name is that of a split",
    ]);
  });

  it("is not that of classes whose names hold a split's word, or whose folders are divided alike", () => {
    expect(Object.values(labelsOf(["test tube/a.jpg", "test strip/b.jpg"]))).toEqual(["test tube", "test strip"]);
    expect(Object.values(labelsOf(["cat/2019/a.jpg", "cat/2020/b.jpg", "dog/2019/c.jpg"]))).toEqual([
      "cat",
      "cat",
      "dog",
    ]);
  });
});

describe("folders without pictures", () => {
  const bare = (...entries: readonly (readonly [string, "empty" | "link"])[]) => ({ bareFolders: new Map(entries) });

  it("are named where a class or a split is expected", () => {
    expect(
      remarksOf(["cat/a.jpg", "dog/b.jpg"], bare(["bird", "empty"], ["cat/old", "empty"], [".git", "empty"])),
    ).toEqual(["empty-class bird: a folder without any file"]);
    const halves = ["train/cat/a.jpg", "train/dog/b.jpg"];
    expect(remarksOf(halves, bare(["train/bird", "empty"], ["val", "empty"], ["models", "empty"]))).toEqual([
      "empty-class train/bird: a folder without any file",
      "empty-class val: a folder without any file",
    ]);
  });

  it("are named where they are links that were not entered", () => {
    const link = "a link to a folder, which was not entered";
    expect(remarksOf(["cat/a.jpg"], bare(["dog", "link"]))).toEqual([`folder-link dog: ${link}`]);
    // The class beside the link is no folder around the classes.
    expect(labelsOf(["cat/2019/a.jpg", "cat/2020/b.jpg"], bare(["dog", "link"]))).toEqual({
      "cat/2019/a.jpg": "cat",
      "cat/2020/b.jpg": "cat",
    });
  });
});
