import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { FastifyRequest } from "fastify";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createLogger, silentLogger } from "../../base/logger.ts";
import { type Access, createAccess } from "./access.ts";
import { createKey, findKey } from "./api-keys.ts";
import { addKey, readKeys, revokeKey, watchKeys } from "./key-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-access-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = new Date("2026-05-01T00:00:00Z");
const requestWith = (headers: Record<string, string>) => ({ headers }) as unknown as FastifyRequest;
const bearer = (text: string) => requestWith({ authorization: `Bearer ${text}` });

async function refusalOf(access: Access, request: FastifyRequest, scope: "predict" | "admin" = "predict") {
  try {
    return { let: await access.identify(request, scope) };
  } catch (error) {
    return error as { code: string; message: string };
  }
}

describe("an API key", () => {
  const { text, key } = createKey({ name: "shop", scopes: ["predict"] }, at);
  const keys = new Map([[key.id, key]]);

  it("is found by what its holder sends, and its file entry holds no secret", () => {
    expect(findKey(keys, text, at)).toBe(key);
    expect(JSON.stringify(key)).not.toContain(text.slice(-43)); // the secret, which may hold a _
  });

  it("is not found by any other text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((tail) => `pawprint_${key.id}_${tail}`),
        ),
        (other) => {
          fc.pre(other !== text);
          expect(findKey(keys, other, at)).toBe("unknown");
        },
      ),
    );
    const secret = text.slice(-43);
    for (let index = 0; index < secret.length - 1; index++) {
      const forged = `${text.slice(0, -43)}${secret.slice(0, index)}${secret[index] === "A" ? "B" : "A"}${secret.slice(index + 1)}`;
      expect(findKey(keys, forged, at)).toBe("unknown");
    }
    for (const cut of [text.slice(1), text.slice(0, -1), `${text}x`, ` ${text}`]) {
      expect(findKey(keys, cut, at)).toBe("unknown");
    }
  });

  it("ends when it is revoked, and when its time is over", () => {
    const only = (changes: object) => new Map([[key.id, { ...key, ...changes }]]);
    expect(findKey(only({ revokedAt: at.toISOString() }), text, at)).toBe("revoked");
    expect(findKey(only({ expiresAt: "2026-04-30T00:00:00Z" }), text, at)).toBe("expired");
    expect(findKey(only({ expiresAt: "2026-05-02T00:00:00Z" }), text, at)).toMatchObject({ id: key.id });
    expect(findKey(only({ expiresAt: "some day" }), text, at)).toBe("expired");
  });
});

describe("a file of keys", () => {
  it("holds several keys of one name, and is for its owner's eyes", async () => {
    const path = join(folder, "rotate.json");
    const first = await addKey(path, { name: "shop", scopes: ["predict"] }, at);
    await addKey(path, { name: "shop", scopes: ["predict"] }, at);
    await revokeKey(path, first.key.id, at);
    expect((await readKeys(path)).map(({ revokedAt }) => revokedAt !== undefined)).toEqual([true, false]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).not.toContain(first.text.slice(-43));
    await expect(revokeKey(path, "000000000000", at)).rejects.toThrow(
      "Expected the id of a key in the file; got '000000000000'",
    );
  });

  it("is refused where it is damaged", async () => {
    const path = join(folder, "broken.json");
    await writeFile(path, "{");
    await expect(readKeys(path)).rejects.toMatchObject({ code: "KEYS_INVALID" });
    await writeFile(path, `{"format":1,"keys":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
    await expect(readKeys(path)).rejects.toThrow("got JSON nested more than 64 levels deep");
    await writeFile(path, '{"format":1,"keys":[{"id":"x"}]}');
    await expect(readKeys(path)).rejects.toThrow(/for keys\.0/);
    await expect(watchKeys(join(folder, "nowhere.json"), silentLogger)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });

  it("is read again when it changes; one that breaks leaves the last keys in force", async () => {
    const path = join(folder, "watched.json");
    const { key } = await addKey(path, { name: "a", scopes: ["predict"] }, at);
    const logged: string[] = [];
    const logger = createLogger((level, message) => logged.push(`${level}: ${message}`));
    const watched = await watchKeys(path, logger, 5);
    await addKey(path, { name: "b", scopes: ["predict"] }, at);
    await vi.waitUntil(() => watched.keys.size === 2);
    await writeFile(path, "no keys");
    await vi.waitUntil(() => logged.length === 2);
    expect(logged[1]).toBe("error: the API keys cannot be read; the last ones stay valid");
    expect(watched.keys.has(key.id)).toBe(true);
    watched.close();
  });
});

describe("access", () => {
  it("asks nobody where neither keys nor tokens are configured", async () => {
    const access = await createAccess({}, silentLogger);
    expect(access.isProtected).toBe(false);
    expect(access.identify(requestWith({}), "admin")).toBeUndefined();
  });

  it("lets keys in by either header, and only to what they are for", async () => {
    const keysFile = join(folder, "access.json");
    const { text, key } = await addKey(keysFile, { name: "shop", scopes: ["predict"], requestsPerMinute: 7 }, at);
    const access = await createAccess({ keysFile }, silentLogger);
    const caller = { id: key.id, requestsPerMinute: 7 };
    expect(await refusalOf(access, bearer(text))).toEqual({ let: caller });
    expect(await refusalOf(access, requestWith({ "x-api-key": text }))).toEqual({ let: caller });
    expect(await refusalOf(access, bearer(text), "admin")).toMatchObject({ code: "FORBIDDEN" });
    for (const headers of [{}, { authorization: text }, { authorization: "Basic eA==" }, { "x-api-key": "" }]) {
      expect(await refusalOf(access, requestWith(headers as Record<string, string>))).toMatchObject({
        code: "UNAUTHENTICATED",
      });
    }
    const forged = await refusalOf(access, bearer(`pawprint_${key.id}_${"é".repeat(43)}`));
    expect(forged).toMatchObject({ code: "UNAUTHENTICATED", message: expect.not.stringContaining("é") });
    access.close();
  });
});

describe("tokens", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" };
  const jwt = { issuer: "https://id.example", audience: "pawprint", scopesClaim: "scope" };
  const sign = (claims: object, options: { issuer?: string; audience?: string; expires?: string } = {}) =>
    new SignJWT({ scope: "predict", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setSubject("ann")
      .setIssuer(options.issuer ?? jwt.issuer)
      .setAudience(options.audience ?? jwt.audience)
      .setExpirationTime(options.expires ?? "5m")
      .sign(privateKey);
  let access: Access;
  beforeAll(async () => {
    const jwksFile = join(folder, "jwks.json");
    await writeFile(jwksFile, JSON.stringify({ keys: [jwk] }));
    access = await createAccess({ jwt: { ...jwt, jwksFile } }, silentLogger);
  });

  it("let their subject in, with scopes as a text or a list", async () => {
    expect(await refusalOf(access, bearer(await sign({})))).toEqual({ let: { id: "token:ann" } });
    expect(await refusalOf(access, bearer(await sign({ scope: ["admin"] })), "admin")).toEqual({
      let: { id: "token:ann" },
    });
    expect(await refusalOf(access, bearer(await sign({ scope: "other" })))).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(access, bearer(await sign({ scope: 7 })))).toMatchObject({ code: "FORBIDDEN" });
  });

  it("are refused from another issuer, for another audience, and after their time", async () => {
    for (const options of [{ issuer: "https://evil.example" }, { audience: "other" }, { expires: "1 minute ago" }]) {
      expect(await refusalOf(access, bearer(await sign({}, options)))).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  it("are refused without a signature, and signed with the public key as a secret", async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = encode({ sub: "ann", iss: jwt.issuer, aud: jwt.audience, exp: 4e9, scope: "predict admin" });
    const unsigned = `${encode({ alg: "none" })}.${claims}.`;
    const head = `${encode({ alg: "HS256", kid: "one" })}.${claims}`;
    const confused = `${head}.${createHmac("sha256", JSON.stringify(jwk)).update(head).digest("base64url")}`;
    for (const text of [unsigned, confused, "a.b.c", "x"]) {
      expect(await refusalOf(access, bearer(text))).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  it("let nobody in while the key server does not answer", async () => {
    const jwksUrl = "http://127.0.0.1:9/jwks.json";
    const cut = await createAccess({ jwt: { ...jwt, jwksUrl } }, silentLogger);
    expect(await refusalOf(cut, bearer(await sign({})))).toMatchObject({ code: "KEY_SERVER_UNAVAILABLE" });
  });

  it("need one place of keys, and a file that is one", async () => {
    await expect(createAccess({ jwt }, silentLogger)).rejects.toThrow(
      "Expected either jwksUrl or jwksFile in serve.jwt; got neither",
    );
    const jwksFile = join(folder, "bad-jwks.json");
    await writeFile(jwksFile, "[]");
    await expect(createAccess({ jwt: { ...jwt, jwksFile } }, silentLogger)).rejects.toThrow("a JSON Web Key Set");
  });
});
