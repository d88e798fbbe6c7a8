import { expect, it } from "vitest";
import { expositionFault } from "./exposition-fault.ts";

it.each([
  "up 1\n",
  '# HELP a what "it" is\n# TYPE a counter\na{b="c",d="e \\"f\\" \\\\ \\n"} 1.5e-3 1700000000000\n',
  "a +Inf\nb NaN\nb Nan\nc{} -0.5\n# a remark\n\n",
])("takes %j", (text) => {
  expect(expositionFault(text)).toBeUndefined();
});

it.each([
  ["", "no metric"],
  ["# TYPE a counter\n", "no metric"],
  ["<html>", "line 1 is not"],
  ["a 1\nb\n", "line 2 is not"],
  ["a{b=c} 1\n", "line 1 is not"],
  ["# TYPE a number\na 1\n", "line 1 is not"],
])("refuses %j", (text, fault) => {
  expect(expositionFault(text)).toContain(fault);
});
