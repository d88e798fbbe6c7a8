import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNames, escapedBytes, nameDecoderOf, otherReadings } from "./name-encoding.ts";

/** A cat and a dog in encodings that archives come in. */
const encoded: Readonly<Record<string, readonly [cat: Uint8Array, dog: Uint8Array]>> = {
  gbk: [Buffer.from("\xc3\xa8", "latin1"), Buffer.from("\xb9\xb7", "latin1")],
  shift_jis: [Buffer.from("\x94\x4c", "latin1"), Buffer.from("\x8c\xa2", "latin1")],
  ibm866: [Buffer.from("\xaa\xae\xe2", "latin1"), Buffer.from("\xaf\xa5\xe1", "latin1")],
  "windows-1251": [Buffer.from("\xea\xee\xf2", "latin1"), Buffer.from("\xef\xe5\xf1", "latin1")],
};
const meant: Readonly<Record<string, string>> = {
  gbk: "猫 狗",
  shift_jis: "猫 犬",
  ibm866: "кот пес",
  "windows-1251": "кот пес",
};

describe("names about whose encoding nothing is said", () => {
  it("are UTF-8 where all of them are", () => {
    const texts = ["cat", "кот", "猫", "cafe\u0301"];
    expect(decodeNames(texts.map((text) => Buffer.from(text)))).toEqual({ names: texts });
  });

  it("are read in one encoding: two bytes that happen to be UTF-8 are none among others that are not", () => {
    // In GBK the first is 联, in UTF-8 a letter of Arabic.
    const names = [
      Buffer.from("\xc1\xaa", "latin1"),
      Buffer.from("\xd9\xb3", "latin1"),
      Buffer.from("\xc3\xa8", "latin1"),
    ];
    expect(decodeNames(names.slice(1))).toEqual({ names: ["\u0673", "è"] });
    expect(decodeNames(names).names).toEqual(["┴¬", "┘│", "├¿"]);
  });

  it.each(["Müller", "café", "Ñandú", "søren".replace("ø", "o"), "Größe 3½", "¿cañón?", "Köln/über"])(
    "are code page 437 without a doubt where that gives western European names: %s",
    (text) => {
      const names = [toCp437(text)];
      expect(decodeNames(names)).toEqual({ names: [text] });
    },
  );

  it.each(Object.entries(encoded))("are doubted where they are %s, with the right reading named", (label, names) => {
    const { doubt } = decodeNames([Buffer.from("readme"), ...names]);
    expect(doubt?.reason).toContain(`'${meant[label]!.split(" ")[0]}' in ${label}`);
    expect(doubt?.reason).toContain("state it as nameEncoding (--name-encoding)");
  });

  it.each(Object.entries(encoded))("are read in the encoding that is given: %s", (label, names) => {
    expect(decodeNames(names, label)).toEqual({ names: meant[label]!.split(" ") });
    expect(decodeNames(names, ` ${label.toUpperCase()} `)).toEqual({ names: meant[label]!.split(" ") });
  });
});

describe("an encoding that is given", () => {
  it("leaves out names that are not of it", () => {
    const names = [Buffer.from("é"), Buffer.from("\xe9", "latin1")];
    expect(decodeNames(names, "utf-8").names).toEqual(["é", undefined]);
  });

  it("may be code page 437, or Windows' number of an East Asian one", () => {
    expect(nameDecoderOf("CP437")(Buffer.of(0x81, 0x41))).toBe("üA");
    expect(nameDecoderOf("cp936")(encoded.gbk![0])).toBe("猫");
    expect(nameDecoderOf("cp932")(encoded.shift_jis![0])).toBe("猫");
  });

  it.each([
    ["gkb", "did you mean gbk?"],
    ["shift-jiss", "did you mean shift_jis?"],
    ["martian", undefined],
  ])("that is unknown is refused: %s", (label, hint) => {
    expect(() => nameDecoderOf(label)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: `Expected an encoding of names, such as gbk, shift_jis or cp437; got '${label}' (nameEncoding)`,
        hint,
      }),
    );
  });
});

it("code page 437 gives every byte a character of its own", () => {
  const all = decodeNames([Uint8Array.from({ length: 256 }, (_, at) => at)]).names[0]!;
  expect(new Set(all).size).toBe(256);
});

it("bytes of any kind are read, and shown in plain ASCII", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 5 }), (names) => {
      expect(decodeNames(names).names.every((name) => name !== undefined)).toBe(true);
      expect(otherReadings(names).length).toBeLessThanOrEqual(4);
      for (const name of names) expect(escapedBytes(name)).toMatch(/^[ -~]*$/);
    }),
  );
  expect(escapedBytes(Buffer.from("a\xc3\xa8\n", "latin1"))).toBe("a\\xC3\\xA8\\x0A");
});

function toCp437(text: string): Uint8Array {
  const decode = nameDecoderOf("cp437");
  const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [decode(Uint8Array.of(byte)), byte]));
  return Uint8Array.from([...text], (character) => byteOf.get(character)!);
}
