/** The tables of the prediction log, and how they came to be. */
import { type Kysely, sql } from "kysely";
import { AppError } from "../base/errors.ts";

export interface LogTables {
  predictions: {
    row_id: string;
    request_id: string;
    position: number;
    time_ms: number;
    model: string;
    version: string;
    role: string;
    label: string;
    confidence: number;
    /** float32, little endian. */
    probabilities: Uint8Array;
    latency_ms: number;
    statistics: Uint8Array | null;
    embedding: Uint8Array | null;
    key_id: string | null;
  };
  feedback: {
    feedback_id: string;
    request_id: string;
    position: number;
    label: string;
    time_ms: number;
    key_id: string | null;
  };
  logged_models: {
    model: string;
    version: string;
    /** JSON */
    labels: string;
    /** JSON of a bundle's reference profile. */
    reference: string | null;
    time_ms: number;
  };
  prediction_log_schema: { version: number };
}

export interface SqlTypes {
  readonly bytes: "blob" | "bytea";
  readonly real: "real" | "double precision";
}

/** One after the other; each may have been done, in part or whole, by another process. */
const migrations: readonly ((types: SqlTypes) => readonly string[])[] = [
  ({ bytes, real }) => [
    `create table if not exists predictions (
      row_id text primary key, request_id text not null, position integer not null, time_ms bigint not null,
      model text not null, version text not null, role text not null, label text not null,
      confidence ${real} not null, probabilities ${bytes} not null, latency_ms ${real} not null,
      statistics ${bytes}, embedding ${bytes}, key_id text)`,
    "create index if not exists predictions_by_time on predictions (time_ms, row_id)",
    "create index if not exists predictions_by_request on predictions (request_id, position)",
    `create table if not exists feedback (
      feedback_id text primary key, request_id text not null, position integer not null, label text not null,
      time_ms bigint not null, key_id text)`,
    "create index if not exists feedback_by_request on feedback (request_id, position, time_ms)",
    `create table if not exists logged_models (
      model text not null, version text not null, labels text not null, reference text, time_ms bigint not null,
      primary key (model, version))`,
  ],
];

/** Brings a store to this version's tables. Errors: PREDICTION_LOG_NEWER. */
export async function migrate(db: Kysely<LogTables>, types: SqlTypes, location: string): Promise<void> {
  await sql`create table if not exists prediction_log_schema (version integer primary key)`.execute(db);
  const rows = await db.selectFrom("prediction_log_schema").select("version").execute();
  const version = Math.max(0, ...rows.map((row) => row.version));
  if (version > migrations.length) {
    throw new AppError("PREDICTION_LOG_NEWER", {
      required: `a prediction log of version ${migrations.length} or before`,
      received: `version ${version}`,
      where: location,
      hint: "use the Pawprint that wrote it, or another log",
    });
  }
  for (let next = version; next < migrations.length; next++) {
    for (const statement of migrations[next]!(types)) await sql.raw(statement).execute(db);
    await db
      .insertInto("prediction_log_schema")
      .values({ version: next + 1 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
