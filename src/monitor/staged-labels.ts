/** The labels of a file while it is checked: on the disk, so that memory does not grow with their number. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A label that can be written. */
export interface StagedLabel {
  /** The number of its line in the file. */
  readonly line: number;
  readonly requestId: string;
  readonly position: number;
  readonly label: string;
  /** When it is to be said; undefined where the log has the same label already. */
  readonly timeMs: number | undefined;
}

/** What else the file says of the same picture. */
export type StagedBefore = "nothing" | "the same" | { readonly line: number; readonly label: string };

const pageRows = 5000;

export class StagedLabels {
  readonly #folder: string;
  readonly #database: import("libsql").Database;
  readonly #insert: import("libsql").Statement;
  readonly #find: import("libsql").Statement;
  readonly #doubt: import("libsql").Statement;

  private constructor(folder: string, database: import("libsql").Database) {
    this.#folder = folder;
    this.#database = database;
    // Nothing of it is of worth after a crash.
    database.pragma("journal_mode = OFF");
    database.exec(`create table labels (
      line integer primary key, request_id text not null, position integer not null, label text not null,
      time_ms integer, is_doubtful integer not null default 0, unique (request_id, position)); begin`);
    this.#insert = database.prepare(
      "insert into labels (line, request_id, position, label, time_ms) values (?, ?, ?, ?, ?) on conflict do nothing",
    );
    this.#find = database.prepare("select line, label from labels where request_id = ? and position = ?");
    this.#doubt = database.prepare("update labels set is_doubtful = 1 where line = ? and is_doubtful = 0");
  }

  static async open(): Promise<StagedLabels> {
    const { default: Database } = await import("libsql");
    // libSQL keeps a database without a name in memory.
    const folder = await mkdtemp(join(tmpdir(), "pawprint-labels-"));
    return new StagedLabels(folder, new Database(join(folder, "labels.db")));
  }

  /** Kept unless the picture has a label already. */
  add({ line, requestId, position, label, timeMs }: StagedLabel): StagedBefore {
    const { changes } = this.#insert.run([line, requestId, position, label, timeMs ?? null]);
    if (changes > 0) return "nothing";
    const before = this.#find.get([requestId, position]) as { line: number; label: string }; // it stood in the way
    return before.label === label ? "the same" : before;
  }

  /** Another line contradicts it: neither is believed. False where that was known. */
  doubt(line: number): boolean {
    return this.#doubt.run([line]).changes > 0;
  }

  count(state: "new" | "unchanged"): number {
    const test = state === "new" ? "is not null" : "is null";
    const query = `select count(*) as count from labels where is_doubtful = 0 and time_ms ${test}`;
    return (this.#database.prepare(query).get([]) as { count: number }).count;
  }

  /** Those that the log does not have, in the order of their lines. */
  *pages(): Generator<readonly (StagedLabel & { readonly timeMs: number })[]> {
    const query = this.#database.prepare(
      `select line, request_id as requestId, position, label, time_ms as timeMs from labels
       where line > ? and is_doubtful = 0 and time_ms is not null order by line limit ${pageRows}`,
    );
    for (let after = 0; ; ) {
      const page = query.all([after]) as (StagedLabel & { readonly timeMs: number })[]; // as the columns are named
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)!.line;
    }
  }

  async close(): Promise<void> {
    this.#database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
