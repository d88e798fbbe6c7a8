/**
 * Works on the data of a repository in a process of its own, to be killed: arguments are the repository
 * and what it does: `store`, a hash to check out, `push`, `fetch`, `gc`, `add` or `repro`; then the link type
 * of the first two. Says `ready` before it begins, and `done`.
 */
import { join } from "node:path";
import { repro } from "../../src/pipeline/repro.ts";
import { checkoutPath } from "../../src/versioning/cache/checkout-path.ts";
import { storePath } from "../../src/versioning/cache/hash-path.ts";
import type { LinkType } from "../../src/versioning/formats/dvc-config.ts";
import { collectGarbage } from "../../src/versioning/remotes/gc.ts";
import { fetchData, pushData } from "../../src/versioning/remotes/transfer-data.ts";
import { openRepository } from "../../src/versioning/repo/open-repository.ts";
import { addData } from "../../src/versioning/workspace/add.ts";

const [root, work, linkType] = process.argv.slice(2) as [string, string, LinkType?]; // tests give them
const opened = await openRepository(root);
const cache = { ...opened.config.cache, ...(linkType && { linkTypes: [linkType] }) };
const repository = { ...opened, config: { ...opened.config, cache } };
const data = join(root, "data");
const works: Readonly<Record<string, () => Promise<unknown>>> = {
  store: () => storePath(repository, data),
  push: () => pushData(repository, []),
  fetch: () => fetchData(repository, []),
  gc: () => collectGarbage(repository, { workspace: true }),
  add: () => addData(repository, ["data"], { folder: root }),
  repro: () => repro(repository, [], { env: process.env }),
};
process.stdout.write("ready\n");
await (works[work] ?? (() => checkoutPath(repository, data, { md5: work, algorithm: "md5" })))();
process.stdout.write("done\n");
