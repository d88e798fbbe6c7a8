/** Which part of a source one of several processes predicts. */
import { AppError } from "../../base/errors.ts";

/** One of `count` parts, `index` from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Positions of pictures in the source's order: from `start` to before `end`. */
export interface PictureRange {
  readonly start: number;
  readonly end: number;
}

const largestCount = 1_000_000;
const shardForm = `a shard I/N, such as 0/4: N from 1 to ${largestCount}, I from 0 to N - 1; or env`;
const variables = ["JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"] as const;

/**
 * The shard that `text` names: `I/N`, or `env` for what JOB_COMPLETION_INDEX and JOB_COMPLETIONS say.
 * Kubernetes sets the first in the pods of an Indexed Job, the manifest the second.
 * Errors: CONFIG_INVALID.
 */
export function readShard(text: string, env: Readonly<Record<string, string | undefined>>): Shard {
  if (text !== "env") return parseShard(text, "shard");
  const [index, count] = variables.map((name) => env[name]?.trim() ?? "");
  const missing = variables.filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0) {
    throw new AppError("CONFIG_INVALID", {
      required: `the environment variables ${variables.join(" and ")} for the shard env`,
      received: `an environment without ${missing.join(" and ")}`,
      where: "shard",
      hint: "Kubernetes sets JOB_COMPLETION_INDEX in the pods of an Indexed Job; set JOB_COMPLETIONS to its number of completions",
    });
  }
  return parseShard(`${index}/${count}`, variables.join(", "));
}

function parseShard(text: string, where: string): Shard {
  const [, index, count] = /^(\d{1,7})\/(\d{1,7})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== undefined && isShard(shard)) return shard;
  throw new AppError("CONFIG_INVALID", { required: shardForm, received: JSON.stringify(text), where });
}

/** Errors: CONFIG_INVALID for an index that no part has. */
export function requireShard(shard: Shard): void {
  if (isShard(shard)) return;
  throw new AppError("CONFIG_INVALID", {
    required: `a shard whose index is from 0 to its count - 1, of at most ${largestCount}`,
    received: `index ${shard.index}, count ${shard.count}`,
    where: "shard",
  });
}

function isShard({ index, count }: Shard): boolean {
  return count >= 1 && count <= largestCount && index >= 0 && index < count;
}

/**
 * The pictures of a shard: whole batches, one behind the other, so that all shards together answer
 * with the bytes that one process would, in its order.
 */
export function rangeOf({ index, count }: Shard, pictures: number, batchSize: number): PictureRange {
  const batches = Math.ceil(pictures / batchSize);
  const border = (at: number): number => Math.min(pictures, Math.floor((at * batches) / count) * batchSize);
  return { start: border(index), end: border(index + 1) };
}
