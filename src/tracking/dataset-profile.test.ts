import { expect, test } from "vitest";
import { profileRows, sourceAddress } from "./dataset-profile.ts";

test("rows are read from profiles of any program, and from nothing else", () => {
  expect(profileRows('{"num_rows":126,"classes":{"cat":63}}')).toBe(126);
  expect(profileRows('{"num_elements": 5, "num_rows": 12}')).toBe(12);
  for (const other of [undefined, "", "{}", '{"num_rows":"many"}', '{"num_rows":1e400}', '{"num_rows":-1}']) {
    expect(profileRows(other)).toBeUndefined();
  }
});

test("an address is read from a source; other sources stay as they are", () => {
  expect(sourceAddress('{"uri": "/data/a \\"b\\""}')).toBe('/data/a "b"');
  expect(sourceAddress('{"uri":"s3://bucket/pets"}')).toBe("s3://bucket/pets");
  for (const other of ['{"tags": {}}', '{"uri":"\\x"}', "plain", '{"uri":1}']) expect(sourceAddress(other)).toBe(other);
});
