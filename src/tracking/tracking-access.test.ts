import { describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { trackingAccess, withoutCredentials } from "./tracking-access.ts";

const pathOf = (path: string): string => `/at/${path}`;
const access = (settings: Parameters<typeof trackingAccess>[0], env: Record<string, string> = {}) =>
  trackingAccess(settings, env, pathOf);

describe("the place of runs", () => {
  it("is the setting, else MLFLOW_TRACKING_URI, else runs/", () => {
    expect(access({})).toEqual({ kind: "folder", folder: "/at/runs" });
    expect(access({}, { MLFLOW_TRACKING_URI: "" })).toEqual({ kind: "folder", folder: "/at/runs" });
    expect(access({}, { MLFLOW_TRACKING_URI: "mlruns" })).toEqual({ kind: "folder", folder: "/at/mlruns" });
    expect(access({ trackingUri: "mine" }, { MLFLOW_TRACKING_URI: "http://a" })).toMatchObject({ folder: "/at/mine" });
  });

  it("may be a folder's address", () => {
    expect(trackingAccess({ trackingUri: "file:///data/r%20u?x" }, {}, (path) => path)).toMatchObject({
      folder: "/data/r u",
    });
    expect(failureOf(() => access({ trackingUri: "file:///a%zz" })).code).toBe("TRACKING_URI_INVALID");
  });

  it.each([
    "sqlite:///m.db",
    "databricks",
    "databricks://profile",
    "postgresql://u:p@ss/w@host/db",
    "mysql:u:p@ss@host",
    "s3://b/k",
  ])("is not %s", (trackingUri) => {
    const error = failureOf(() => access({ trackingUri }));
    expect(error.code).toBe("TRACKING_URI_INVALID");
    expect(`${error.message} ${error.hint}`).not.toContain("p@ss");
    expect(error.where).toBe("tracking.trackingUri");
  });
});

describe("a server", () => {
  const trackingUri = "https://mlflow.example:5000/team/";

  it("has time limits and attempts", () => {
    const usual = { kind: "server", url: "https://mlflow.example:5000/team", acceptsAnyCertificate: false };
    expect(access({ trackingUri })).toEqual({ ...usual, timeoutMs: 30_000, retries: 5 });
    const env = { MLFLOW_HTTP_REQUEST_TIMEOUT: "120", MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" };
    expect(access({ trackingUri }, env)).toEqual({ ...usual, timeoutMs: 120_000, retries: 0 });
    expect(access({ trackingUri, trackingTimeoutMs: 500 }, env)).toMatchObject({ timeoutMs: 500 });
  });

  it.each([
    ["MLFLOW_HTTP_REQUEST_TIMEOUT", "soon"],
    ["MLFLOW_HTTP_REQUEST_TIMEOUT", "0"],
    ["MLFLOW_HTTP_REQUEST_MAX_RETRIES", "11"],
    ["MLFLOW_HTTP_REQUEST_MAX_RETRIES", "-1"],
  ])("refuses %s=%s", (name, value) => {
    const error = failureOf(() => access({ trackingUri }, { [name]: value }));
    expect([error.code, error.where]).toEqual(["CONFIG_INVALID", name]);
  });

  it("takes who asks from the environment over the address, and shows neither", () => {
    const given = "https://anna:p%40ss%25@mlflow.example";
    expect(access({ trackingUri: given })).toMatchObject({
      url: "https://mlflow.example",
      user: "anna",
      password: "p@ss%",
    });
    expect(access({ trackingUri: "https://anna:100%@mlflow.example" })).toMatchObject({ password: "100%" });
    const env = {
      MLFLOW_TRACKING_USERNAME: "ben",
      MLFLOW_TRACKING_PASSWORD: "other",
      MLFLOW_TRACKING_TOKEN: "t",
    };
    expect(access({ trackingUri: given }, env)).toMatchObject({ user: "ben", password: "other", token: "t" });
  });

  it("takes certificates by MLflow's variables", () => {
    const env = {
      MLFLOW_TRACKING_SERVER_CERT_PATH: "ca.pem",
      MLFLOW_TRACKING_CLIENT_CERT_PATH: "own.pem",
      MLFLOW_TRACKING_INSECURE_TLS: "True",
    };
    expect(access({ trackingUri }, env)).toMatchObject({
      caFile: "/at/ca.pem",
      clientCertFile: "/at/own.pem",
      acceptsAnyCertificate: true,
    });
    expect(access({ trackingUri, trackingCaFile: "mine.pem" }, env)).toMatchObject({ caFile: "/at/mine.pem" });
    expect(access({ trackingUri }, { MLFLOW_TRACKING_INSECURE_TLS: "false" })).toMatchObject({
      acceptsAnyCertificate: false,
    });
  });

  it("has an address", () => {
    const error = failureOf(() => access({ trackingUri: "http://user:secret@:80:80" }));
    expect([error.code, error.message.includes("secret")]).toEqual(["TRACKING_URI_INVALID", false]);
  });
});

it.each([
  ["http://me:s3cret@mlflow.example:5000/team", "http://mlflow.example:5000/team"],
  ["http://me:s3/cret@mlflow.example/team", "http://mlflow.example/team"],
  ["http://me:s3@cret@mlflow.example", "http://mlflow.example"],
  ["mysql:me:s3cret@host/db", "mysql:host/db"],
  ["https://mlflow.example/@team", "https://mlflow.example/@team"],
  ["s3://bucket/key", "s3://bucket/key"],
  ["runs", "runs"],
])("%s is shown as %s", (address, shown) => {
  expect(withoutCredentials(address)).toBe(shown);
});
