import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTree, encodeTree } from "./dir-object.ts";

const md5 = "0123456789abcdef0123456789abcdef";
const treeOf = (...paths: readonly string[]) => Buffer.from(JSON.stringify(paths.map((relpath) => ({ md5, relpath }))));

describe("the list of a folder's files", () => {
  it("has the bytes and the hash that DVC gives it", () => {
    const files = [
      { path: "index.jpeg", md5: "402e97968614f583ece3b35555971f64" },
      { path: "cat.jpeg", md5: "de7371b0119f4f75f9de703c7c3bac16" },
    ];
    const tree = encodeTree(files);
    expect(Buffer.from(tree.bytes).toString()).toBe(
      '[{"md5": "de7371b0119f4f75f9de703c7c3bac16", "relpath": "cat.jpeg"}, ' +
        '{"md5": "402e97968614f583ece3b35555971f64", "relpath": "index.jpeg"}]',
    );
    expect(tree.md5).toBe("6fdb5336fce0dbfd669f83065f107551.dir");
    expect(encodeTree([]).md5).toBe("d751713988987e9331980363e24189ce.dir");
  });

  it("is sorted by code points, with all but printable ASCII escaped", () => {
    const paths = ["\u{1f43e}", "\uff21", "a\u007f", "a/b", "a b", "é\n", 'q"\\'];
    const text = Buffer.from(encodeTree(paths.map((path) => ({ path, md5 }))).bytes).toString();
    expect([...text.matchAll(/"relpath": ("(?:\\.|[^"])*")/g)].map(([, name]) => name)).toEqual([
      '"a b"',
      '"a/b"',
      '"a\\u007f"',
      '"q\\"\\\\"',
      '"\\u00e9\\n"',
      '"\\uff21"',
      '"\\ud83d\\udc3e"',
    ]);
  });

  it("is read as it was written, whatever the names", () => {
    const name = fc
      .string({ unit: "binary", minLength: 1, maxLength: 12 })
      .filter((text) => !/[/\0]|^\.|^n/.test(text));
    const paths = fc.uniqueArray(fc.tuple(fc.constantFrom("", "n/"), name).map((parts) => parts.join("")));
    fc.assert(
      fc.property(paths, (names) => {
        const { bytes } = encodeTree(names.map((path) => ({ path, md5 })));
        expect(new Set(decodeTree(bytes, "x").map(({ path }) => path))).toEqual(new Set(names));
      }),
    );
  });

  it("may name more files than other JSON may have values", () => {
    const paths = Array.from({ length: 850_000 }, (_, at) => ({ path: `cat/${at}.jpg`, md5 }));
    expect(decodeTree(encodeTree(paths).bytes, "x")).toHaveLength(paths.length);
  });

  it.each([
    ["a path upwards", treeOf("../a")],
    ["a path upwards inside", treeOf("a/../../b")],
    ["an absolute path", treeOf("/etc/passwd")],
    ["an empty path", treeOf("")],
    ["a path with empty names", treeOf("a//b")],
    ["a NUL", treeOf("a\0b")],
    ["a folder of Git", treeOf("sub/.git/config")],
    ["a folder of Git in other letters", treeOf(".GIT/hooks/post-checkout")],
    ["a folder of DVC", treeOf(".dvc/config")],
    ["half a character", treeOf("a\ud800")],
    ["a path twice", treeOf("a", "a")],
    ["a file that is a folder too", treeOf("a/b/c", "a/b")],
    ["an MD5 that is a path", Buffer.from('[{"md5": "../../../x", "relpath": "a"}]')],
    ["a folder's MD5", Buffer.from(`[{"md5": "${md5}.dir", "relpath": "a"}]`)],
    ["no list", Buffer.from('{"a": 1}')],
    ["no objects", Buffer.from("[1, null]")],
    ["no JSON", Buffer.from("[")],
    ["no UTF-8", Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
    ["deep JSON", Buffer.from("[".repeat(100_000))],
  ])("is refused with %s", (_, bytes) => {
    expect(() => decodeTree(bytes, "the list")).toThrow(expect.objectContaining({ code: "DATA_FILE_INVALID" }));
  });
});
