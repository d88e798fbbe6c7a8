/** Opens a prediction log: a file, or PostgreSQL for a service with several replicas. */
import { dirname } from "node:path";
import { Kysely, PostgresDialect, SqliteDialect } from "kysely";
import { AppError } from "../base/errors.ts";
import { ensureFolder } from "../base/files/atomic-file.ts";
import { importOptional } from "../base/optional-package.ts";
import { insertOneByOne } from "./insert-rows.ts";
import { isServerAddress, withoutPassword } from "./log-address.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { insertTogether, type LogDialect, logUnavailable, SqlPredictionLog } from "./sql-log.ts";
import { type LogTables, migrate } from "./tables.ts";
import { whileBusy } from "./while-busy.ts";

/**
 * `location` is a file's path, or `postgres://user:password@host/database`. The file, its folder and
 * the tables are made where they are missing.
 * Errors: PREDICTION_LOG_UNAVAILABLE, PREDICTION_LOG_NEWER, PACKAGE_MISSING (pg), FILE_WRITE_FAILED.
 */
export async function openPredictionLog(location: string): Promise<PredictionLog> {
  const isServer = isServerAddress(location);
  const shown = isServer ? withoutPassword(location) : location;
  const { db, dialect } = await (isServer ? postgres(location) : file(location));
  try {
    await whileBusy(() => migrate(db, dialect.types, shown));
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw error instanceof AppError ? error : logUnavailable(shown, error);
  }
  return new SqlPredictionLog(db, shown, dialect);
}

/** For a connection to be made. */
const connectMs = 5000;
/** For another process's writing, while this thread stands still; the log itself waits longer. */
const lockMs = 50;

interface OpenedDatabase {
  readonly db: Kysely<LogTables>;
  readonly dialect: LogDialect;
}

async function file(path: string): Promise<OpenedDatabase> {
  await ensureFolder(dirname(path));
  const { default: Database } = await import("libsql");
  try {
    const database = new Database(path, { timeout: lockMs });
    // Readers beside the writer; a killed process loses nothing, a power cut the last moments.
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    // 16 MiB before they go into the file, four times the default: half of the time of a row was that.
    database.pragma("wal_autocheckpoint = 4000");
    // It is better-sqlite3's interface, which the dialect was written for.
    const db = new Kysely<LogTables>({ dialect: new SqliteDialect({ database: database as never }) });
    const types = { bytes: "blob", real: "real" } as const;
    return { db, dialect: { types, insert: insertOneByOne(database), pageForm: "json" } };
  } catch (error) {
    throw logUnavailable(path, error);
  }
}

async function postgres(address: string): Promise<OpenedDatabase> {
  const { default: pg } = await importOptional(() => import("pg"), ["pg"], "to log predictions in PostgreSQL");
  const pool = new pg.Pool({
    connectionString: address,
    max: 4,
    connectionTimeoutMillis: connectMs,
    query_timeout: 60_000,
    keepAlive: true,
  });
  // A server that goes away ends its connections: the next query makes one, or fails by itself.
  pool.on("error", () => undefined);
  // The pool listens to those that rest: one that is lost between two queries would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<LogTables>({ dialect: new PostgresDialect({ pool }) });
  const types = { bytes: "bytea", real: "double precision" } as const;
  return { db, dialect: { types, insert: insertTogether, pageForm: "rows" } };
}
