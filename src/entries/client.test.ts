import { readFileSync } from "node:fs";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { expect, it } from "vitest";

/** Every module that a module imports when it runs, by URL or package name, and theirs. */
function runtimeImports(file: URL, found = new Set<string>()): ReadonlySet<string> {
  const { outputText } = transpileModule(readFileSync(file, "utf8"), {
    compilerOptions: {
      verbatimModuleSyntax: true,
      removeComments: true,
      target: ScriptTarget.ESNext,
      module: ModuleKind.ESNext,
    },
  });
  for (const [, name = ""] of outputText.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    const isOwn = name.startsWith(".");
    const id = isOwn ? new URL(name, file).href : name;
    if (found.has(id)) continue;
    found.add(id);
    if (isOwn) runtimeImports(new URL(id), found);
  }
  return found;
}

it("needs nothing but a browser: no package, no module of Node, no schema", () => {
  const root = new URL("../", import.meta.url).href;
  const modules = [...runtimeImports(new URL("client.ts", import.meta.url))].map((id) => id.replace(root, ""));
  expect(modules.sort()).toEqual([
    "base/bounded-json.ts",
    "base/describe-value.ts",
    "base/errors.ts",
    "base/files/file-failure.ts",
    "base/files/file-source.ts",
    "base/nearest.ts",
    "server/client/api-error.ts",
    "server/client/client.ts",
    "server/client/request-body.ts",
    "server/contract/endpoints.ts",
  ]);
});

it("would find one", () => {
  const modules = [...runtimeImports(new URL("../server/contract/contract.ts", import.meta.url))];
  expect(modules).toContain("typebox");
});
