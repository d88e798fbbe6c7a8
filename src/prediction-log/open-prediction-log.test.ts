import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describePredictionLog } from "../../tests/contracts/prediction-log.ts";
import { failureOf } from "../../tests/support/failure-of.ts";
import { startPostgres } from "../../tests/support/postgres-server.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { withoutPassword } from "./log-address.ts";
import { openPredictionLog } from "./open-prediction-log.ts";

describePredictionLog("a file", async () => {
  const path = join(temporaryFolder("log"), "deep", "predictions.db");
  return { open: () => openPredictionLog(path), remove: async () => undefined };
});

const server = await startPostgres();
if (typeof server === "string") it.skip(`PostgreSQL as a prediction log (skipped: ${server})`, () => undefined);
else {
  afterAll(() => server.stop());
  describePredictionLog("PostgreSQL", async () => {
    const { address, drop } = await server.createDatabase();
    return { open: () => openPredictionLog(address), remove: drop };
  });
}

describe("a prediction log that cannot be opened", () => {
  it("is a file that is no database", async () => {
    const path = join(temporaryFolder("log"), "predictions.db");
    writeFileSync(path, "a letter, longer than the header of a database would be, and no database at all".repeat(9));
    const error = await failureOf(openPredictionLog(path));
    expect(error.code).toBe("PREDICTION_LOG_UNAVAILABLE");
    expect(error.where).toBe(path);
  });

  it("is of a later version", async () => {
    const path = join(temporaryFolder("log"), "predictions.db");
    await (await openPredictionLog(path)).close();
    const { default: Database } = await import("libsql");
    const database = new Database(path);
    database.exec("insert into prediction_log_schema values (7)");
    database.close();
    expect((await failureOf(openPredictionLog(path))).message).toBe(
      `Expected a prediction log of version 1 or before; got version 7 (${path})`,
    );
  });

  it("is a server that does not answer, and its password is not shown", async () => {
    const error = await failureOf(openPredictionLog("postgres://pets:secret@127.0.0.1:9/pets"));
    expect(error.code).toBe("PREDICTION_LOG_UNAVAILABLE");
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("secret");
    expect(withoutPassword("postgres://a:secret@h/d?password=secret")).toBe("postgres://a@h/d");
    expect(withoutPassword("postgres://:secret")).not.toContain("secret");
  });
});
