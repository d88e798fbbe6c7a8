/** Prometheus' rules and Grafana's dashboard: valid, tested, and about metrics that the service exports. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { errorTable } from "../../src/base/errors.ts";
import { missingProgram } from "../support/missing-program.ts";
import { exportedMetrics, seriesOf } from "./support/exported-metrics.ts";
import { at, list, type Tree } from "./support/manifest.ts";

const folder = resolve("deployment", "monitoring");
const prometheus = join(folder, "prometheus");
const readYaml = (path: string): Tree => parse(readFileSync(path, "utf8")) as Tree;
const rules = list(readYaml(join(prometheus, "rules.yml")).groups).flatMap((group) => list(group.rules));
const expressions = rules.map(({ expr }) => String(expr));
const recorded = rules.flatMap(({ record }) => (typeof record === "string" ? [record] : []));
const alerts = rules.flatMap(({ alert }) => (typeof alert === "string" ? [alert] : []));
const dashboard = JSON.parse(readFileSync(join(folder, "grafana", "dashboards", "pawprint.json"), "utf8")) as Tree;
const panels = list(dashboard.panels);
const shown = panels.flatMap((panel) => list(panel.targets).map(({ expr }) => String(expr)));

const promtoolMissing = missingProgram("promtool", ["--version"]);
const reason = promtoolMissing === undefined ? "" : ` (skipped: ${promtoolMissing})`;
const promtool = (args: readonly string[], cwd = prometheus): string => {
  return execFileSync("promtool", args, { cwd, encoding: "utf8", stdio: "pipe" });
};

describe.skipIf(promtoolMissing !== undefined)(`promtool${reason}`, () => {
  it("finds configuration and rules valid", () => {
    expect(promtool(["check", "config", "prometheus.yml"])).toContain("SUCCESS");
    expect(promtool(["check", "rules", "rules.yml"])).toContain(`SUCCESS: ${rules.length} rules found`);
  });

  it("sees the rules do what their tests say", () => {
    expect(promtool(["test", "rules", "rules.test.yml"])).toContain("SUCCESS");
  });

  it("sees a rule with another threshold fail its test", () => {
    const copy = mkdtempSync(join(tmpdir(), "pawprint-rules-"));
    try {
      const text = readFileSync(join(prometheus, "rules.yml"), "utf8");
      expect(text).toContain("14.4 * 0.005");
      writeFileSync(join(copy, "rules.yml"), text.replaceAll("14.4 * 0.005", "144 * 0.005"));
      writeFileSync(join(copy, "rules.test.yml"), readFileSync(join(prometheus, "rules.test.yml")));
      expect(() => promtool(["test", "rules", "rules.test.yml"], copy)).toThrow();
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it("reads every expression of the dashboard", () => {
    const copy = mkdtempSync(join(tmpdir(), "pawprint-dashboard-"));
    try {
      const asRules = shown.map((expr, index) => ({ record: `shown:${index}`, expr }));
      const file = join(copy, "rules.yml");
      writeFileSync(file, JSON.stringify({ groups: [{ name: "shown", rules: asRules }] }));
      expect(promtool(["check", "rules", file])).toContain(`SUCCESS: ${shown.length} rules found`);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

/** Series that nobody exports or records, of several expressions. */
async function unknownSeries(of: readonly string[]): Promise<string[]> {
  const known = new Set([...(await exportedMetrics()), ...recorded, "up"]);
  return of.flatMap(seriesOf).filter((name) => !known.has(name));
}

describe("rules and dashboard", () => {
  it("name metrics that the service exports", async () => {
    expect(await unknownSeries([...expressions, ...shown])).toEqual([]);
    expect(expressions.every((expression) => seriesOf(expression).length > 0)).toBe(true);
  });

  it("would be told of a metric that it does not export, or of a label in its place", async () => {
    const broken = 'sum by (route) (rate(pawprint_requests_total{status="200"}[5m])) / pawprint_batch_pictures';
    expect(await unknownSeries([broken])).toEqual(["pawprint_requests_total", "pawprint_batch_pictures"]);
  });

  it("name buckets that the histogram has", async () => {
    const { createMetrics } = await import("../../src/server/observability/metrics.ts");
    const metrics = createMetrics({
      queuedPictures: () => 0,
      waitingRequests: () => 0,
      isReady: () => true,
      unwrittenPredictions: () => 0,
      unwrittenPictures: () => 0,
    });
    metrics.answered("/predict", "POST", 200, { phases: {}, outcome: {} } as never, 100); // only these two are read
    const text = await metrics.render();
    metrics.close();
    const bounds = [...expressions.join("\n").matchAll(/le="([\d.]+)"/g)].map(([, bound]) => bound);
    expect(bounds.length).toBeGreaterThan(0);
    for (const bound of bounds) {
      expect(text).toMatch(new RegExp(`pawprint_prediction_duration_seconds_bucket\\{le="${bound}",phase="total"\\}`));
    }
  });

  it("name error codes that there are", () => {
    const codes = [...expressions.join("\n").matchAll(/code="(\w+)"/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) expect(Object.keys(errorTable)).toContain(code);
  });

  it("have a unit test in which every alert fires, one in which it does not, and a severity", () => {
    const tested = list(readYaml(join(prometheus, "rules.test.yml")).tests).flatMap((test) => {
      return list(test.alert_rule_test).map(({ alertname, exp_alerts }) => {
        return `${String(alertname)} ${list(exp_alerts).length > 0 ? "fires" : "is quiet"}`;
      });
    });
    const needed = alerts.flatMap((alert) => [`${alert} fires`, `${alert} is quiet`]);
    expect(needed.filter((one) => !tested.includes(one))).toEqual([]);
    const severities = rules.filter(({ alert }) => alert !== undefined).map((rule) => at(rule, "labels", "severity"));
    expect(new Set(severities)).toEqual(new Set(["page", "ticket"]));
  });
});

it("the guide says of every alert what to do, and of no other", () => {
  const guide = readFileSync(resolve("docs", "deployment.md"), "utf8");
  const rows = guide.split("\n").filter((line) => line.startsWith("| `Pawprint"));
  const named = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual([...alerts].sort());
});

it("the Prometheus operator is given the same rules", async () => {
  const resource = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "pawprint", labels: { "app.kubernetes.io/part-of": "pawprint" } },
    spec: readYaml(join(prometheus, "rules.yml")),
  };
  const made =
    "# From deployment/monitoring/prometheus/rules.yml, by: npm run test:deployment -- monitoring.test.ts -u\n";
  const file = resolve("deployment", "kubernetes", "components", "alert-rules", "prometheus-rule.yaml");
  await expect(`${made}${stringify(resource)}`).toMatchFileSnapshot(file);
});

describe("what is provisioned", () => {
  it("scrapes the Compose service on its port, at the route of metrics", () => {
    const [job] = list(readYaml(join(prometheus, "prometheus.yml")).scrape_configs);
    expect(job).toMatchObject({ metrics_path: "/metrics", static_configs: [{ targets: ["service:8000"] }] });
  });

  it("gives the dashboard the data source that it asks for", () => {
    const provisioning = join(folder, "grafana", "provisioning");
    const [source] = list(readYaml(join(provisioning, "datasources", "prometheus.yml")).datasources);
    const asked = panels
      .flatMap((panel) => [panel, ...list(panel.targets)])
      .map((part) => at(part, "datasource", "uid"));
    expect(new Set(asked)).toEqual(new Set([source?.uid]));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it("does not lay panels over each other", () => {
    const cells = panels.flatMap(({ gridPos }) => {
      const { x, y, w, h } = gridPos as Readonly<Record<"x" | "y" | "w" | "h", number>>;
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
