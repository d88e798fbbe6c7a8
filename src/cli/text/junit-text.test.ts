import { expect, it } from "vitest";
import { junitText } from "./junit-text.ts";

it("counts, and escapes what names and faults hold", () => {
  const text = junitText('a "suite"', [
    { name: "GET /<x>", ms: 12 },
    { name: "b", ms: 1000, fault: 'got "1" & \u0007\n' },
  ]);
  expect(text).toContain('<testsuites tests="2" failures="1" errors="0" time="1.012">');
  expect(text).toContain('<testsuite name="a &#34;suite&#34;"');
  expect(text).toContain('name="GET /&#60;x&#62;" time="0.012"/>');
  expect(text).toContain('<failure message="got &#34;1&#34; &#38; \uFFFD');
});
