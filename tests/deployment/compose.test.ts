/** The Compose file: its services, profiles and settings, checked without an engine. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { routes } from "../../src/server/contract/contract.ts";
import type { Tree } from "./support/manifest.ts";
import { imageFault } from "./support/pod-rules.ts";
import { settingsFault } from "./support/service-rules.ts";

interface ComposeService extends Tree {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly environment?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}
interface ComposeFile extends Tree {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Tree;
}

const path = resolve("deployment", "docker-compose.yml");
const text = readFileSync(path, "utf8");
const compose = parse(text) as ComposeFile; // the tests below look at each part
const services = Object.entries(compose.services);

/** What Compose puts in for `${NAME:-DEFAULT}` where nothing is set. */
const filledIn = (value: string): string => value.replace(/\$\{\w+:-([^}]*)\}/g, "$1");

/** A service's faults, one line each. */
function composeFaults({ services, volumes }: ComposeFile): string[] {
  return Object.entries(services).flatMap(([name, service]) => {
    const faults: string[] = [];
    const image = imageFault(filledIn(service.image));
    if (image !== undefined) faults.push(`image ${service.image} ${image}`);
    const mine = service.profiles ?? [];
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const needed = services[other];
      if (needed === undefined) faults.push(`waits for ${other}, which is not there`);
      else {
        const theirs = needed.profiles ?? [];
        if (theirs.length > 0 && (mine.length === 0 || !mine.every((profile) => theirs.includes(profile)))) {
          faults.push(`waits for ${other}, which its profile does not start`);
        }
        if (condition === "service_healthy" && needed.healthcheck === undefined) {
          faults.push(`waits for the health of ${other}, which has no check`);
        }
      }
    }
    for (const volume of service.volumes ?? []) {
      const [source = ""] = filledIn(volume).split(":");
      const isNamed = !source.startsWith(".") && !source.startsWith("/");
      if (isNamed && !(source in volumes)) faults.push(`mounts the volume ${source}, which is not declared`);
    }
    for (const port of service.ports ?? []) {
      if (!port.startsWith("127.0.0.1:")) faults.push(`opens ${port} to other machines`);
    }
    for (const variable of service.environment ?? []) {
      const secret = /^\w*(PASSWORD|SECRET|TOKEN|ACCESS_KEY)\w*=(.*)$/.exec(variable);
      if (secret !== null) faults.push(`holds a secret: ${variable.split("=")[0]}`);
    }
    const settings = (service.environment ?? []).filter((variable) => variable.startsWith("PAWPRINT_"));
    const env = Object.fromEntries(settings.map((variable) => filledIn(variable).split("=") as [string, string]));
    const fault = settingsFault(env);
    if (fault !== undefined) faults.push(fault);
    return faults.map((line) => `${name}: ${line}`);
  });
}

it("has no faults", () => {
  expect(composeFaults(compose)).toEqual([]);
});

it.each([
  ["pawprint:local", "pawprint:latest", "has a tag that moves"],
  [
    "PAWPRINT_SERVE_HOST",
    "PAWPRINT_SERVE_HSOT",
    "service: Expected a known configuration key; got PAWPRINT_SERVE_HSOT",
  ],
  ["- POSTGRES_PASSWORD\n", "- POSTGRES_PASSWORD=hunter2\n", "postgres: holds a secret: POSTGRES_PASSWORD"],
  ["- minio-data:/data", "- data:/data", "minio: mounts the volume data, which is not declared"],
  ['"127.0.0.1:9001:9001"', '"9001:9001"', "minio: opens 9001:9001 to other machines"],
  ["minio:\n        condition", "mino:\n        condition", "bucket: waits for mino, which is not there"],
  [
    "profiles: [tracking]\n    image: minio/mc",
    "image: minio/mc",
    "bucket: waits for minio, which its profile does not start",
  ],
])("would name what %s becomes as %s", (from, to, fault) => {
  expect(text).toContain(from);
  const faults = composeFaults(parse(text.replace(from, () => to)) as ComposeFile);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(fault.split(";")[0]);
});

describe("the Compose file", () => {
  it("has no top-level name and no version, of which one or the other Compose complains", () => {
    expect(Object.keys(compose).sort()).toEqual(["services", "volumes"]);
  });

  it("starts the service alone, without a variable that must be set", () => {
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual(["service"]);
    // $$ is a $ for the container's shell; anything else is put in for every profile.
    expect(text.replaceAll("$$", "").match(/^[^#\n]*\$\{\w+:?\?/gm)).toBeNull();
  });

  it("has the profiles tracking and monitoring", () => {
    const of = (profile: string) =>
      services.filter(([, { profiles }]) => profiles?.includes(profile)).map(([name]) => name);
    expect(of("tracking")).toEqual(["postgres", "minio", "bucket", "mlflow"]);
    expect(of("monitoring")).toEqual(["prometheus", "grafana"]);
  });

  it("runs the service without root, capabilities or a file system to write to", () => {
    expect(compose.services.service).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/),
    });
  });

  it("has a health check that asks a route of the service", () => {
    const asked = /8000(\/\w+)/.exec(compose.services.service!.healthcheck!.test.join(" "))?.[1];
    expect(routes.filter(({ method }) => method === "GET").map((route): string => route.path)).toContain(asked);
  });

  it("keeps the prediction log in a volume that the image lets any user write to, or in a database of its own", () => {
    const variable = compose.services.service!.environment!.find((one) => one.includes("PREDICTION_LOG"))!;
    const folder = dirname(filledIn(variable).split("=")[1]!);
    expect(compose.services.service!.volumes).toContain(`predictions:${folder}`);
    expect(readFileSync(resolve("Dockerfile"), "utf8")).toContain(`RUN mkdir -m 1777 ${folder}\n`);
    const named = /postgres:\/\/mlflow@postgres:5432\/(\w+)/.exec(text)![1]!;
    expect(readFileSync(resolve("deployment", "postgres", "predictions.sql"), "utf8")).toContain(
      `CREATE DATABASE ${named};`,
    );
    const [database] = compose.services.postgres!.environment!.filter((one) => one.startsWith("POSTGRES_DB="));
    expect(database).not.toContain(named);
  });

  it("mounts folders of the repository that are there", () => {
    const folders = services.flatMap(([, service]) => service.volumes ?? []).filter((volume) => volume.startsWith("."));
    expect(folders.length).toBeGreaterThan(0);
    const missing = folders.filter((volume) => !existsSync(join(dirname(path), volume.split(":")[0]!)));
    expect(missing).toEqual([]);
  });
});
