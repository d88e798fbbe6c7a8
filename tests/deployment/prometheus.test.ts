/** The dashboard and the rules against a real Prometheus that scrapes the service under traffic. */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { drawSamplePicture, sampleLabels } from "../../src/image/sample-pictures.ts";
import { because, missingProgram } from "../support/missing-program.ts";
import { startProcess } from "../support/pawprint-process.ts";
import { drawnSidePx, writeReferencedBundle } from "../support/referenced-bundle.ts";
import { petModel, startService } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeUntrainedBundle } from "../support/untrained-bundle.ts";
import { list, type Tree } from "./support/manifest.ts";

const monitoring = resolve("deployment", "monitoring");
const dashboard = JSON.parse(readFileSync(join(monitoring, "grafana", "dashboards", "pawprint.json"), "utf8")) as Tree;
const shown = list(dashboard.panels).flatMap((panel) => list(panel.targets).map(({ expr }) => String(expr)));
const missing = missingProgram("prometheus", ["--version"]);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address() as { readonly port: number }; // it listens on a port
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

/** The configuration of the repository, often, and of a service elsewhere. */
function writeConfiguration(folder: string, target: string): string {
  const config = parse(readFileSync(join(monitoring, "prometheus", "prometheus.yml"), "utf8")) as Tree;
  const file = join(folder, "prometheus.yml");
  const [job] = list(config.scrape_configs);
  const often = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
  const here = { ...job, static_configs: [{ targets: [target] }] };
  const rules = [join(monitoring, "prometheus", "rules.yml")];
  writeFileSync(file, stringify({ global: often, rule_files: rules, scrape_configs: [here] }));
  return file;
}

interface QueryResult {
  readonly status: string;
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

async function startPrometheus(folder: string, target: string) {
  const address = `127.0.0.1:${await freePort()}`;
  const { err } = startProcess([
    "prometheus",
    `--config.file=${writeConfiguration(folder, target)}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
  ]);
  const isReady = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, { timeout: 30_000, message: err() }).toBe(true);
  const ask = async (path: string): Promise<unknown> => (await fetch(`http://${address}/api/v1/${path}`)).json();
  return {
    /** Numbers that an expression has now; what is not a number is none. */
    async query(expression: string): Promise<number[]> {
      const { status, data } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as QueryResult;
      expect(status, expression).toBe("success");
      return data.result.map(({ value }) => Number(value[1])).filter(Number.isFinite);
    },
    async rules(): Promise<readonly Tree[]> {
      const { data } = (await ask("rules")) as { readonly data: Tree };
      return list(data.groups).flatMap((group) => list(group.rules));
    },
  };
}

it.skipIf(missing !== undefined)(`every expression of the dashboard has an answer${because(missing)}`, async () => {
  const folder = temporaryFolder("prometheus");
  const challenger = join(folder, "challenger.onnx");
  await writeUntrainedBundle({ ...petModel, seed: 8 }, challenger);
  const service = await startService(petModel, {
    model: await writeReferencedBundle(folder, 50),
    challenger,
    predictionLog: join(folder, "predictions.db"),
    driftWindow: 20,
    driftMs: 0,
    keepPictures: join(folder, "kept"),
    keepPercent: 100,
  });
  try {
    const prometheus = await startPrometheus(folder, new URL(service.origin).host);
    const post = (path: string, type: string, body: Uint8Array | string) =>
      fetch(`${service.origin}${path}`, { method: "POST", headers: { "content-type": type }, body: Buffer.from(body) });
    const pictures = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        drawSamplePicture({ label: sampleLabels[at % 2]!, seed: `asked/${at}`, sizePx: drawnSidePx }),
      ),
    );
    let asked = 0;
    const keepAsking = async (): Promise<void> => {
      for (let at = 0; at < 10; at++) {
        const answer = await post("/predict", "image/jpeg", pictures[asked++ % pictures.length]!);
        expect(answer.status).toBe(200);
        const { request_id } = (await answer.json()) as { readonly request_id: string };
        const said = await post("/feedback", "application/json", JSON.stringify({ request_id, label: "cat" }));
        expect(said.status).toBe(200);
      }
      expect((await post("/predict", "image/jpeg", "no picture")).status).toBe(400);
    };
    const unanswered = new Set(shown);
    const stillUnanswered = async (): Promise<string[]> => {
      await keepAsking();
      for (const expression of unanswered) {
        if ((await prometheus.query(expression)).length > 0) unanswered.delete(expression);
      }
      return [...unanswered];
    };
    await expect.poll(stillUnanswered, { timeout: 90_000, interval: 200 }).toEqual([]);
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter(({ health }) => health !== "ok").map(({ name, lastError }) => [name, lastError])).toEqual([]);
  } finally {
    await service.close();
  }
});
