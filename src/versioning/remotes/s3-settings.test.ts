import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { s3OptionsOf } from "./s3-settings.ts";

const nowhere = { AWS_CONFIG_FILE: "/nowhere/config" };
const read = (values: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = nowhere) =>
  s3OptionsOf({ values: new Map(Object.entries(values)), where: "remote 'main'" }, env);

describe("settings of an S3 remote", () => {
  it("become options of a connection, each under its name", async () => {
    expect(
      await read({
        endpointurl: "http://127.0.0.1:9000",
        region: "eu-central-1",
        profile: "team",
        access_key_id: "key",
        secret_access_key: "secret",
        session_token: "token",
        allow_anonymous_login: "yes",
        use_ssl: "False",
        ssl_verify: "no",
        read_timeout: "5",
        connect_timeout: "2",
        credentialpath: "/keys",
        sse: "aws:kms",
        sse_kms_key_id: "id",
        acl: "private",
      }),
    ).toEqual({
      endpoint: "http://127.0.0.1:9000",
      region: "eu-central-1",
      profile: "team",
      credentials: { accessKeyId: "key", secretAccessKey: "secret", sessionToken: "token" },
      anonymous: true,
      tls: false,
      verifyCertificate: false,
      readTimeoutMs: 5000,
      connectTimeoutMs: 2000,
      configFile: "/nowhere/config",
      credentialsFile: "/keys",
      attempts: 5,
      writing: { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "id", ACL: "private" },
    });
  });

  it("go before the environment, and that before the profile", async () => {
    const configpath = join(temporaryFolder("aws"), "config");
    writeFileSync(configpath, "[default]\nregion = a\n[profile team]\nregion = b\nendpoint_url = http://b\n");
    expect(await read({ configpath }, {})).toMatchObject({ region: "a" });
    expect(await read({ configpath, profile: "team" }, {})).toMatchObject({ region: "b", endpoint: "http://b" });
    expect(await read({ configpath }, { AWS_DEFAULT_REGION: "c" })).toMatchObject({ region: "c" });
    expect(await read({ configpath }, { AWS_DEFAULT_REGION: "c", AWS_REGION: "d" })).toMatchObject({ region: "d" });
    expect(await read({ configpath, region: "e" }, { AWS_REGION: "d" })).toMatchObject({ region: "e" });
    expect(await read({}, nowhere)).toMatchObject({ region: "us-east-1" });
  });

  it("may name certificates", async () => {
    const bundle = join(temporaryFolder("aws"), "ca.pem");
    writeFileSync(bundle, "a certificate");
    expect(await read({ ssl_verify: bundle })).toMatchObject({ ca: "a certificate" });
    await expect(read({ ssl_verify: "/nowhere/ca.pem" })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it.each([
    [{ endpointurl: "127.0.0.1:9000" }, "DATA_CONFIG_INVALID"],
    [{ use_ssl: "perhaps" }, "DATA_CONFIG_INVALID"],
    [{ read_timeout: "0" }, "DATA_CONFIG_INVALID"],
    [{ access_key_id: "key" }, "DATA_CONFIG_INVALID"],
    [{ sse_customer_key: "secret" }, "DATA_FEATURE_UNSUPPORTED"],
  ])("%j is refused, without a secret in the message", async (values, code) => {
    const error: unknown = await read(values as Readonly<Record<string, string>>).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toMatch(/secret"|"key"/);
  });
});
