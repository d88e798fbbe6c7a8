/** The prediction log in a database, whichever Kysely speaks to. */
import type { ExpressionBuilder, Kysely, Selectable } from "kysely";
import { AppError } from "../base/errors.ts";
import { parseReference } from "../bundle/reference-profile.ts";
import { isLittleEndian, pageText, parsePage, plainColumns, type VectorColumn, vectorColumns } from "./page-text.ts";
import type {
  Feedback,
  LabelledPrediction,
  LoggedModel,
  LoggedPrediction,
  LogRange,
  PageOptions,
  PredictionLog,
  PredictionSummary,
} from "./prediction-log.ts";
import type { LogTables, SqlTypes } from "./tables.ts";
import { whileBusy } from "./while-busy.ts";

/** The tables that grow, with what names a row. */
export const rowKeys = { predictions: "row_id", feedback: "feedback_id" } as const;
export type GrowingTable = keyof typeof rowKeys;

/** Adds rows in one transaction; those that are there already stay as they are. */
export type InsertRows = <Table extends GrowingTable>(
  db: Kysely<LogTables>,
  table: Table,
  rows: readonly LogTables[Table][],
) => Promise<void>;

/** Rows of one insertion: their 14 values each stay far below the databases' limits of parameters. */
const rowsAtOnce = 500;
/** Of a page that is read: 2 MB for most models. */
const pageRows = 10_000;

/** In what databases differ. */
export interface LogDialect {
  readonly types: SqlTypes;
  readonly insert: InsertRows;
  /** SQLite's values each cost a call out of JavaScript, so it gives a page as one text. */
  readonly pageForm: "rows" | "json";
}

export class SqlPredictionLog implements PredictionLog {
  readonly location: string;
  readonly #db: Kysely<LogTables>;
  readonly #dialect: LogDialect;

  constructor(db: Kysely<LogTables>, location: string, dialect: LogDialect) {
    this.#db = db;
    this.location = location;
    this.#dialect = dialect;
  }

  append(predictions: readonly LoggedPrediction[]): Promise<void> {
    return this.#attempt(() => this.#dialect.insert(this.#db, "predictions", predictions.map(toRow)));
  }

  describeModel({ model, version, labels, reference, timeMs }: LoggedModel): Promise<void> {
    return this.#attempt(async () => {
      await this.#db
        .insertInto("logged_models")
        .values({
          model,
          version,
          labels: JSON.stringify(labels),
          reference: reference === undefined ? null : JSON.stringify(reference),
          time_ms: timeMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  async models(): Promise<readonly LoggedModel[]> {
    const rows = await this.#attempt(() =>
      this.#db.selectFrom("logged_models").selectAll().orderBy("time_ms").orderBy("version").execute(),
    );
    return rows.map(({ model, version, labels, reference, time_ms }) => {
      const where = `model ${JSON.stringify(version)} of ${this.location}`;
      const names = parseLabels(labels, where);
      return {
        model,
        version,
        labels: names,
        ...(reference !== null && { reference: parseReference(reference, names.length, where) }),
        timeMs: Number(time_ms),
      };
    });
  }

  find(requestId: string): Promise<readonly LoggedPrediction[]> {
    return this.#attempt(async () => {
      const query = this.#db.selectFrom("predictions").selectAll().where("request_id", "=", requestId);
      return (await query.orderBy("position").orderBy("time_ms").execute()).map(fromRow);
    });
  }

  summaries(requestIds: readonly string[]): Promise<readonly PredictionSummary[]> {
    return this.#attempt(async () => {
      const found: PredictionSummary[] = [];
      for (let start = 0; start < requestIds.length; start += rowsAtOnce) {
        const rows = await this.#db
          .selectFrom("predictions")
          .select(["request_id", "position", "time_ms", "model", "version", "role", "label", "row_id"])
          .select((builder) => latestFeedback(builder).select("feedback.label").as("true_label"))
          .select((builder) => latestFeedback(builder).select("feedback.time_ms").as("labelled_ms"))
          .where("request_id", "in", requestIds.slice(start, start + rowsAtOnce))
          .orderBy("time_ms")
          .orderBy("row_id")
          .execute();
        for (const { request_id, position, time_ms, true_label, labelled_ms, row_id: _, ...row } of rows) {
          const said = true_label === null ? {} : { trueLabel: true_label, labelledMs: Number(labelled_ms) };
          found.push({ requestId: request_id, position: Number(position), timeMs: Number(time_ms), ...row, ...said });
        }
      }
      return found;
    });
  }

  addFeedback(feedback: readonly Feedback[]): Promise<void> {
    return this.#attempt(async () => {
      const rows = feedback.map(({ feedbackId, requestId, position, label, timeMs, keyId = null }) => ({
        feedback_id: feedbackId,
        request_id: requestId,
        position,
        label,
        time_ms: timeMs,
        key_id: keyId,
      }));
      await this.#dialect.insert(this.#db, "feedback", rows);
    });
  }

  feedbackFor(requestId: string): Promise<readonly Feedback[]> {
    return this.#attempt(async () => {
      const query = this.#db.selectFrom("feedback").selectAll().where("request_id", "=", requestId);
      const rows = await query.orderBy("time_ms").orderBy("feedback_id").execute();
      return rows.map((row) => ({
        feedbackId: row.feedback_id,
        requestId: row.request_id,
        position: Number(row.position),
        label: row.label,
        timeMs: Number(row.time_ms),
        ...(row.key_id !== null && { keyId: row.key_id }),
      }));
    });
  }

  async *read(range: LogRange = {}): AsyncGenerator<LabelledPrediction, void, undefined> {
    for await (const page of this.pages(range)) yield* page;
  }

  async *pages(
    range: LogRange = {},
    { vectors = true }: PageOptions = {},
  ): AsyncGenerator<readonly LabelledPrediction[], void, undefined> {
    let after: { readonly timeMs: number; readonly rowId: string } | undefined;
    for (;;) {
      const page = await this.#attempt(() => this.#page(range, vectors, after));
      const last = page.at(-1);
      if (last !== undefined) yield page;
      if (last === undefined || page.length < pageRows) return;
      after = last;
    }
  }

  async #page(
    { fromMs, untilMs, version }: LogRange,
    vectors: boolean,
    after: { readonly timeMs: number; readonly rowId: string } | undefined,
  ): Promise<readonly LabelledPrediction[]> {
    let query = this.#db
      .selectFrom("predictions")
      .select(plainColumns)
      .$if(vectors, (select) => select.select(vectorColumns))
      .select((builder) => latestFeedback(builder).select("feedback.label").as("true_label"))
      .orderBy("time_ms")
      .orderBy("row_id")
      .limit(pageRows);
    if (fromMs !== undefined) query = query.where("time_ms", ">=", fromMs);
    if (untilMs !== undefined) query = query.where("time_ms", "<", untilMs);
    if (version !== undefined) query = query.where("version", "=", version);
    if (after !== undefined) {
      const { timeMs, rowId } = after;
      query = query.where(({ eb, or, and }) =>
        or([eb("time_ms", ">", timeMs), and([eb("time_ms", "=", timeMs), eb("row_id", ">", rowId)])]),
      );
    }
    if (this.#dialect.pageForm === "json") {
      const texts = await this.#db.selectFrom(query.as("page")).select(pageText(vectors).as("page")).execute();
      return texts.flatMap(({ page }) => parsePage(page));
    }
    const rows = await query.execute();
    return rows.map((row) => ({
      ...fromRow(row),
      ...(typeof row.true_label === "string" && { trueLabel: row.true_label }),
    }));
  }

  rowsOf(rowIds: readonly string[]): Promise<readonly LoggedPrediction[]> {
    return this.#attempt(async () => {
      const rows: LoggedPrediction[] = [];
      for (let start = 0; start < rowIds.length; start += rowsAtOnce) {
        const some = rowIds.slice(start, start + rowsAtOnce);
        const query = this.#db.selectFrom("predictions").selectAll().where("row_id", "in", some);
        rows.push(...(await query.execute()).map(fromRow));
      }
      return rows;
    });
  }

  count({ fromMs, untilMs, version }: LogRange = {}): Promise<number> {
    return this.#attempt(async () => {
      let query = this.#db.selectFrom("predictions").select(({ fn }) => fn.countAll().as("count"));
      if (fromMs !== undefined) query = query.where("time_ms", ">=", fromMs);
      if (untilMs !== undefined) query = query.where("time_ms", "<", untilMs);
      if (version !== undefined) query = query.where("version", "=", version);
      return Number((await query.executeTakeFirstOrThrow()).count);
    });
  }

  removeBefore(timeMs: number): Promise<number> {
    return this.#attempt(() =>
      this.#db.transaction().execute(async (transaction) => {
        const old = transaction.selectFrom("predictions").select("request_id").where("time_ms", "<", timeMs);
        const kept = transaction.selectFrom("predictions").select("request_id").where("time_ms", ">=", timeMs);
        // A request that lasted over the moment keeps what was said of it.
        await transaction
          .deleteFrom("feedback")
          .where("request_id", "in", old)
          .where("request_id", "not in", kept)
          .execute();
        const [removed] = await transaction.deleteFrom("predictions").where("time_ms", "<", timeMs).execute();
        return Number(removed?.numDeletedRows ?? 0);
      }),
    );
  }

  removeRequest(requestId: string): Promise<number> {
    return this.#attempt(() =>
      this.#db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom("feedback").where("request_id", "=", requestId).execute();
        const [removed] = await transaction.deleteFrom("predictions").where("request_id", "=", requestId).execute();
        return Number(removed?.numDeletedRows ?? 0);
      }),
    );
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await whileBusy(work);
    } catch (error) {
      throw logUnavailable(this.location, error);
    }
  }
}

/** Many rows in a statement: each costs a server a message. */
export const insertTogether: InsertRows = async (db, table, rows) => {
  await db.transaction().execute(async (transaction) => {
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      // InsertRows pairs the rows with their table, which Kysely's types cannot follow.
      const some = rows.slice(start, start + rowsAtOnce) as LogTables["predictions"][];
      await transaction
        .insertInto(table as "predictions")
        .values(some)
        .onConflict((conflict) => conflict.column(rowKeys[table] as "row_id").doNothing())
        .execute();
    }
  });
};

/** What was said last of a prediction's picture. */
function latestFeedback({ selectFrom }: ExpressionBuilder<LogTables, "predictions">) {
  return selectFrom("feedback")
    .whereRef("feedback.request_id", "=", "predictions.request_id")
    .whereRef("feedback.position", "=", "predictions.position")
    .orderBy("feedback.time_ms", "desc")
    .orderBy("feedback.feedback_id", "desc")
    .limit(1);
}

export function logUnavailable(location: string, error: unknown): AppError {
  return new AppError("PREDICTION_LOG_UNAVAILABLE", {
    required: "a prediction log that can be read and written",
    received: error instanceof Error ? error.message : String(error),
    where: location,
    cause: error,
  });
}

function toRow(prediction: LoggedPrediction): LogTables["predictions"] {
  const { statistics, embedding, keyId = null } = prediction;
  return {
    row_id: prediction.rowId,
    request_id: prediction.requestId,
    position: prediction.position,
    time_ms: prediction.timeMs,
    model: prediction.model,
    version: prediction.version,
    role: prediction.role,
    label: prediction.label,
    confidence: prediction.confidence,
    probabilities: bytesOf(prediction.probabilities),
    latency_ms: prediction.latencyMs,
    statistics: statistics === undefined ? null : bytesOf(statistics),
    embedding: embedding === undefined ? null : bytesOf(embedding),
    key_id: keyId,
  };
}

/** Of a page without vectors probabilities are not there. */
type WholeRow = Selectable<LogTables["predictions"]>;
type ReadRow = Omit<WholeRow, VectorColumn> & Partial<Pick<WholeRow, VectorColumn>>;

const noNumbers = new Float32Array();

function fromRow(row: ReadRow): LoggedPrediction {
  return {
    rowId: row.row_id,
    requestId: row.request_id,
    position: Number(row.position),
    timeMs: Number(row.time_ms),
    model: row.model,
    version: row.version,
    role: row.role,
    label: row.label,
    confidence: row.confidence,
    probabilities: row.probabilities === undefined ? noNumbers : floatsOf(row.probabilities),
    latencyMs: row.latency_ms,
    ...(row.statistics !== null && { statistics: floatsOf(row.statistics) }),
    ...(row.embedding && { embedding: floatsOf(row.embedding) }),
    ...(row.key_id !== null && { keyId: row.key_id }),
  };
}

function parseLabels(text: string, where: string): readonly string[] {
  const labels: unknown = JSON.parse(text);
  if (Array.isArray(labels) && labels.every((label) => typeof label === "string")) return labels;
  throw new AppError("PREDICTION_LOG_UNAVAILABLE", {
    required: "the labels of a model as a list of texts",
    received: text.slice(0, 100),
    where,
  });
}

/** Little endian; of this machine's memory where that is its order. */
function bytesOf(values: Float32Array): Buffer {
  if (isLittleEndian) return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const bytes = Buffer.alloc(values.length * 4);
  for (let at = 0; at < values.length; at++) bytes.writeFloatLE(values[at]!, at * 4);
  return bytes;
}

/** Databases give Buffers or ArrayBuffers. */
function floatsOf(value: Uint8Array | ArrayBuffer): Float32Array {
  const bytes =
    value instanceof ArrayBuffer ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readFloatLE(at * 4));
}
