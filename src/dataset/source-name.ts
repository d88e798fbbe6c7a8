/** What a source is called where it needs a name: bundles, experiments, datasets of a run. */
import { basename, resolve } from "node:path";

/** A name made from a data source: `cats-dogs` for `../data/Cats-Dogs.zip/` and for `cats-dogs@v1.0`. */
export function nameOf(source: string): string {
  const ownPath = source.replace(/(?<=[^@/\\])@[^@]+$/, "");
  const base = basename(resolve(ownPath)).replace(/\.(zip|tar|tgz|tar\.gz|csv|tsv|jsonl|ndjson|dvc)$/i, "");
  const name = base.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  return name.replace(/^-+|-+$/g, "") || "model";
}
