/**
 * Serves entries of an archive that can only be read forwards to callers that ask for several at
 * once, nearly in order.
 */
import type { TarStreamEntry } from "./tar-entries.ts";

interface Request {
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

/**
 * What was passed over is kept for callers that come a little late; starting again would cost a
 * whole pass.
 */
const keptLimits = { count: 64, sizeBytes: 64 * 2 ** 20 } as const;

/**
 * Requests wait until the one pass that is under way comes to them. It stops where nobody waits,
 * and begins anew where only entries before it are asked for.
 */
export class TarCursor {
  readonly #start: () => AsyncGenerator<TarStreamEntry, void, undefined>;
  readonly #isWanted: (at: number) => boolean;
  readonly #waiting = new Map<number, Request[]>();
  readonly #kept = new Map<number, Uint8Array>();
  #keptBytes = 0;
  #pass: AsyncGenerator<TarStreamEntry, void, undefined> | undefined;
  /** The position of the entry that the pass gives next. */
  #at = 0;
  #work: Promise<void> | undefined;

  /** `isWanted` tells which entries anybody may ask for. */
  constructor(start: () => AsyncGenerator<TarStreamEntry, void, undefined>, isWanted: (at: number) => boolean) {
    this.#start = start;
    this.#isWanted = isWanted;
  }

  /**
   * The content of the entry at a position, counted over the entries of every type. Errors: those
   * of the pass.
   */
  read(at: number): Promise<Uint8Array> {
    const kept = this.#takeKept(at);
    if (kept !== undefined) return Promise.resolve(kept);
    return new Promise((resolve, reject) => {
      this.#waiting.set(at, [...(this.#waiting.get(at) ?? []), { resolve, reject }]);
      this.#work ??= this.#serve();
    });
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#endPass();
  }

  async #serve(): Promise<void> {
    while (this.#waiting.size > 0) {
      try {
        await this.#step();
      } catch (error) {
        const requests = [...this.#waiting.values()].flat();
        this.#waiting.clear();
        await this.#endPass();
        for (const { reject } of requests) reject(error);
      }
    }
    this.#work = undefined;
  }

  async #step(): Promise<void> {
    const isAhead = [...this.#waiting.keys()].some((at) => at >= this.#at);
    if (!isAhead) await this.#endPass();
    this.#pass ??= this.#start();
    const { value: entry, done } = await this.#pass.next();
    if (done) throw new Error("fewer entries than before");
    const at = this.#at++;
    if (!this.#waiting.has(at) && !this.#isWanted(at)) return;
    const bytes = await collect(entry);
    // Asked for only now: a request may have come while the content was read.
    const requests = this.#waiting.get(at);
    if (requests === undefined) this.#keep(at, bytes);
    this.#waiting.delete(at);
    for (const { resolve } of requests ?? []) resolve(bytes);
  }

  async #endPass(): Promise<void> {
    const pass = this.#pass;
    this.#pass = undefined;
    this.#at = 0;
    await pass?.return();
  }

  #keep(at: number, bytes: Uint8Array): void {
    this.#takeKept(at);
    this.#kept.set(at, bytes);
    this.#keptBytes += bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptLimits.count && this.#keptBytes <= keptLimits.sizeBytes) break;
      this.#takeKept(oldest);
    }
  }

  #takeKept(at: number): Uint8Array | undefined {
    const bytes = this.#kept.get(at);
    if (bytes !== undefined) this.#keptBytes -= bytes.length;
    this.#kept.delete(at);
    return bytes;
  }
}

async function collect(entry: TarStreamEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // The parser cuts the chunks that it is fed, which are buffers, and gives nothing else.
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
