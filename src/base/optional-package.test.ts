import { expect, it } from "vitest";
import { importOptional } from "./optional-package.ts";

it("names an optional package that is missing, with the command that installs it", async () => {
  const missing = "pawprint-no-such-package";
  const opening = importOptional(() => import(missing), [missing], "to read from S3");
  await expect(opening).rejects.toMatchObject({
    code: "PACKAGE_MISSING",
    message: "Expected the optional package pawprint-no-such-package to read from S3; got no such package",
    hint: "npm install pawprint-no-such-package",
  });
});

it("throws other faults of the package as they are", async () => {
  const opening = importOptional(() => Promise.reject(new TypeError("broken")), ["broken"], "for nothing");
  await expect(opening).rejects.toThrow(TypeError);
});
