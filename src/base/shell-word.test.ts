import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { shellPath } from "./shell-word.ts";

describe("a word for a shell", () => {
  it.each([
    ["data/raw", "data/raw"],
    ["größe/猫.onnx", "größe/猫.onnx"],
    ["my pets", "'my pets'"],
    ["it's", "'it'\\''s'"],
    ["-x", "./-x"],
    ["$HOME;ls", "'$HOME;ls'"],
    ["", "''"],
    ["a\nb\u202e", "PATH"],
  ])("%o is %s", (word, wanted) => {
    expect(shellPath(word, "linux")).toBe(wanted);
  });

  it.each([
    ["C:\\pets\\raw", "C:\\pets\\raw"],
    ["C:\\my pets", '"C:\\my pets"'],
    ["it's", '"it\'s"'],
  ])("on Windows %o is %s", (word, wanted) => {
    expect(shellPath(word, "win32")).toBe(wanted);
  });

  it.runIf(process.platform !== "win32")("comes out of sh as it went in, but for ./ before a dash", () => {
    const words = ["a b", "it's", '"', "\\", "$(id)", "*", "~", "!x", "`id`", "#", "a&b", "-n", "{a,b}"];
    const line = words.map((word) => shellPath(word)).join(" ");
    const back = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
    expect(back.split("\0").slice(0, -1)).toEqual(words.map((word) => (word === "-n" ? "./-n" : word)));
  });
});
