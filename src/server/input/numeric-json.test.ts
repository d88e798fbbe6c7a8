import fc from "fast-check";
import { expect, it } from "vitest";
import { numberItems, readNestedArray } from "./nested-array.ts";
import { type NumericPicture, readNumericPicture } from "./numeric-json.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

/** Numbers as programs write them. */
const numeral = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.double({ min: 0, max: 1, noNaN: true }).map(String),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(7)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom(
    "0",
    "-0",
    "0.0",
    "-0.5",
    "1e-7",
    "1E+2",
    "12.50",
    "0.30000000000000004",
    "123456789012345678901234567890",
  ),
);
const space = fc.constantFrom("", "", "", " ", "\n", "\t", "\r\n  ");

/** Regularly nested arrays, 1 to 4 deep, with spaces anywhere. */
const nested = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
  const count = shape.reduce((product, side) => product * side, 1);
  return fc
    .tuple(fc.array(numeral, { minLength: count, maxLength: count }), fc.array(space, { minLength: 8, maxLength: 8 }))
    .map(([numbers, spaces]) => {
      let next = 0;
      let at = 0;
      const pad = (): string => spaces[at++ % 8]!;
      const write = (depth: number): string => {
        if (depth === shape.length) return `${pad()}${numbers[next++]}${pad()}`;
        return `${pad()}[${Array.from({ length: shape[depth]! }, () => write(depth + 1)).join(",")}]${pad()}`;
      };
      return write(0);
    });
});

/** What the ordinary parser makes of the same text. */
function ordinary(text: string) {
  try {
    const { items, shape } = readNestedArray(JSON.parse(text).image, "image", numberItems);
    return { values: items, shape };
  } catch {
    return undefined;
  }
}

function expectSame(text: string, { values, shape }: NumericPicture): void {
  const expected = ordinary(text);
  expect(expected).toBeDefined();
  expect(shape).toEqual(expected!.shape);
  expect(values.length).toBe(expected!.values.length);
  values.forEach((value, index) => {
    const exact = expected!.values[index]!;
    // Four units of the last place.
    if (Object.is(value, exact)) return; // infinities, too
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 4 * Number.EPSILON);
  });
}

it("reads what JSON.parse reads, to some units of the last place", () => {
  fc.assert(
    fc.property(nested, fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }), (picture, topK) => {
      const text = `{ "image" :${picture}${topK === undefined ? "" : `, "top_k":${topK}`}}`;
      const read = readNumericPicture(bytesOf(text));
      expect(read?.topK).toBe(topK);
      expectSame(text, read!);
    }),
    { numRuns: 500 },
  );
});

it("never reads what JSON.parse refuses, and never reads it otherwise: any byte changed, cut or doubled", () => {
  fc.assert(
    fc.property(
      nested,
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom("change", "cut", "double"),
      (picture, place, byte, way) => {
        const bytes = bytesOf(`{"image":${picture}}`);
        const at = place % bytes.length;
        const changed =
          way === "cut"
            ? bytes.subarray(0, at)
            : way === "double"
              ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at)])
              : Uint8Array.from(bytes, (value, index) => (index === at ? byte : value));
        const read = readNumericPicture(changed);
        if (read !== undefined) expectSame(Buffer.from(changed).toString(), read);
      },
    ),
    { numRuns: 2000 },
  );
});

it.each([
  "",
  "{}",
  '{"image":1}',
  '{"image":[]}',
  '{"image":[[1,2],[3]]}',
  '{"image":[1,[2]]}',
  '{"image":[[1],2]}',
  '{"image":[01]}',
  '{"image":[1.]}',
  '{"image":[.5]}',
  '{"image":[-]}',
  '{"image":[+1]}',
  '{"image":[1e]}',
  '{"image":[NaN]}',
  '{"image":[1,]}',
  '{"image":[1]]}',
  '{"image":[1]}x',
  '{"image":[[[[[1]]]]]}',
  '{"image":["1"]}',
  '{"images":[1]}',
  '{"image":[1],"top_k":0}',
  '{"image":[1],"top_k":1.5}',
  '{"image":[1],"top_k":[1]}',
  '{"image":[1],"other":1}',
  '{"top_k":1,"image":[1]}',
])("leaves %j to the ordinary parser", (text) => {
  expect(readNumericPicture(bytesOf(text))).toBeUndefined();
});

it("reads long numbers exactly enough", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9999 }),
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.integer({ min: 1, max: 18 }),
      (whole, part, length) => {
        const text = `${whole}.${String(part).padStart(18, "0").slice(0, length)}`;
        const exact = Number(text);
        const [value] = readNumericPicture(bytesOf(`{"image":[${text}]}`))!.values;
        const bits = (one: number) => new BigInt64Array(Float64Array.of(one).buffer)[0]!;
        const apart = bits(value!) - bits(exact);
        expect(apart < 0n ? -apart : apart).toBeLessThanOrEqual(4n);
      },
    ),
    { numRuns: 3000 },
  );
});

it("keeps nothing of one picture for the next", () => {
  const first = readNumericPicture(bytesOf('{"image":[1,2,3]}'))!;
  const large = `{"image":[${Array.from({ length: 20_000 }, (_, at) => at % 256)}]}`;
  expect(readNumericPicture(bytesOf(large))!.values).toHaveLength(20_000);
  readNumericPicture(bytesOf('{"image":[9,9,9]}'));
  expect([...first.values]).toEqual([1, 2, 3]);
});
