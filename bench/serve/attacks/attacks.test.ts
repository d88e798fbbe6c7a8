import { expect, it } from "vitest";
import { selectAttacks } from "./compare-attacks.ts";
import { repeated } from "./requests.ts";
import { attacks } from "./table.ts";

it("gives every attack a name of its own, none a part of another's", () => {
  for (const { name } of attacks) expect(selectAttacks(name).map((attack) => attack.name)).toEqual([name]);
});

it("selects by parts of names, and refuses a part that is in none", () => {
  expect(selectAttacks(undefined)).toBe(attacks);
  expect(selectAttacks("json,idle").map(({ name }) => name)).toEqual([
    "json-nested",
    "json-numbers",
    "json-empty-arrays",
    "idle-sockets",
  ]);
  expect(() => selectAttacks("json,nothing")).toThrow("no attack 'nothing'");
});

it("repeats a part as often as it fits", () => {
  expect(repeated(10, "[0", ",1", "]").toString()).toBe("[0,1,1,1]");
  expect(repeated(4, "", "[", "").toString()).toBe("[[[[");
});
