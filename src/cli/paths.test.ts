import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nameOf } from "../dataset/source-name.ts";
import { pathFrom, shownName, shownPath } from "./paths.ts";

describe("paths", () => {
  it("stay as they were given where the process stands in that folder, and start there otherwise", () => {
    expect(pathFrom(process.cwd(), "a/b")).toBe("a/b");
    expect(pathFrom(resolve("/elsewhere"), "a/b")).toBe(resolve("/elsewhere/a/b"));
    expect(pathFrom(resolve("/elsewhere"), resolve("/a"))).toBe(resolve("/a"));
  });

  it("are shown relative to the folder that they lie below", () => {
    const cwd = resolve("/work");
    expect(shownPath(cwd, resolve("/work/models/a.onnx"))).toBe(join("models", "a.onnx"));
    expect(shownPath(cwd, resolve("/other/a.onnx"))).toBe(resolve("/other/a.onnx"));
  });

  it("give a bundle its name", () => {
    expect(nameOf("../data/Cats-Dogs 128px.zip")).toBe("cats-dogs-128px");
    expect(nameOf("pictures/")).toBe("pictures");
    expect(nameOf("/")).toBe("model");
  });

  it("give a bundle its name without the endings of archives and manifests", () => {
    const names = ["a/Pets.tar", "Pets.tar.gz", "pets.TGZ", "pets.csv", "pets.tsv", "pets.jsonl", "pets.ndjson"];
    expect([...new Set(names.map(nameOf))]).toEqual(["pets"]);
    expect(nameOf("v1.2")).toBe("v1-2");
  });

  it("leave addresses alone, which are no paths", () => {
    const address = "s3://bucket//Pets/";
    expect(pathFrom(resolve("/elsewhere"), address)).toBe(address);
    expect(shownPath(process.cwd(), address)).toBe(address);
    expect(shownPath(process.cwd(), "https://mlflow.example/team")).toBe("https://mlflow.example/team");
    expect(nameOf(address)).toBe("pets");
    expect(nameOf("s3://bucket")).toBe("bucket");
  });
});

describe("names", () => {
  it.each([
    ["cat/ä🐈.jpg", "cat/ä🐈.jpg"],
    ["a b", '"a b"'],
    ["a\u001b[31mb", '"a\\u001b[31mb"'],
    ["a\u202eb", JSON.stringify("a\u202eb")],
    ['a"b', '"a\\"b"'],
  ])("%j are shown as %s", (name, shown) => {
    expect(shownName(name)).toBe(shown);
  });
});
