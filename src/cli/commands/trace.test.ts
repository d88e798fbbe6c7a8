import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { captureContext } from "../../../tests/support/captured-context.ts";
import { petModel, type RunningService, startService } from "../../../tests/support/running-service.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { traceService } from "../../wire/models.ts";
import { runCommand } from "../frame/run-command.ts";

const cwd = temporaryFolder();
const commit = "0123456789abcdef0123456789abcdef01234567";
const digest = `sha256:${"ab".repeat(32)}`;
let service: RunningService;
beforeAll(async () => {
  vi.stubEnv("PAWPRINT_GIT_COMMIT", commit);
  vi.stubEnv("PAWPRINT_IMAGE_DIGEST", digest);
  service = await startService(petModel);
  vi.unstubAllEnvs();
});
afterAll(() => service.close());

async function trace(...words: string[]) {
  const { context, out } = captureContext({ cwd });
  expect(await runCommand(["trace", service.origin, ...words], context)).toBe(0);
  return out();
}

it("starts with the code that the service runs, then bundle, run and pictures", async () => {
  const kinds = (await trace()).split("\n").map((line) => /^[^\w]*(\w+)/.exec(line)?.[1]);
  expect(kinds.slice(0, 4)).toEqual(["service", "code", "bundle", "run"]);
  expect(await trace()).toMatch(new RegExp(`code pawprint \\S+: commit ${commit}, image ${digest}`));
  expect(await trace("--mermaid")).toContain(`commit ${commit}`);
  const { nodes } = JSON.parse(await trace("--json"));
  expect(nodes).toContainEqual(expect.objectContaining({ kind: "code", facts: { commit, image: digest } }));
});

it.each([
  [
    "says its version as text",
    () => new Response("0.0.9\n", { headers: { "content-type": "text/plain" } }),
    ["pawprint 0.0.9"],
  ],
  ["has no such route", () => new Response("", { status: 404 }), []],
  ["answers with something else", () => Response.json({ commit: "x" }), []],
])("takes an earlier service, which %s", async (_, answer, names) => {
  const changed: typeof fetch = (url, init) =>
    String(url).endsWith("/version") ? Promise.resolve(answer()) : fetch(url, init);
  const { nodes } = await traceService(undefined, service.origin, { folder: cwd, fetch: changed });
  expect(nodes.filter(({ kind }) => kind === "code").map(({ name }) => name)).toEqual(names);
});
