import { describe, expect, it } from "vitest";
import { readLayout } from "./folder-layout.ts";

/** `path -> label` or `path -> split/label`, one a line. */
const labelsOf = (paths: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    readLayout(paths).labelled.map(({ path, label, split }) => [path, split ? `${split}: ${label}` : label]),
  );
const unlabelledOf = (paths: readonly string[]): string[] => readLayout(paths).unlabelled.map(({ id }) => id);

describe("labels from paths", () => {
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

  it("take no split from a single folder 'train'", () => {
    expect(labelsOf(["train/cat/a.jpg", "train/dog/b.jpg"])).toEqual({
      "train/cat/a.jpg": "cat",
      "train/dog/b.jpg": "dog",
    });
  });

  it("are one text for one name, however its accents are composed", () => {
    const layout = readLayout(["Be\u0301be\u0301/a.jpg", "dog/b.jpg"]);
    expect(layout.labelled[0]).toEqual({ path: "Be\u0301be\u0301/a.jpg", label: "B\u00e9b\u00e9" });
  });

  it("take other files along where they stand in a class, so that they are counted", () => {
    const paths = ["cat/a.jpg", "cat/notes.txt", "dog/b.jpg", "LICENSE"];
    expect(Object.keys(labelsOf(paths))).toEqual(["cat/a.jpg", "cat/notes.txt", "dog/b.jpg"]);
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
    const { labelled, unlabelled } = readLayout([
      "cat/a.jpg",
      " cat/b.jpg",
      " /c.jpg",
      `${long}/d.jpg`,
      "two\nlines/e.jpg",
    ]);
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
    expect(labelsOf(["constructor/a.jpg", "test/b.jpg"])).toEqual({
      "constructor/a.jpg": "constructor",
      "test/b.jpg": "test",
    });
  });
});
