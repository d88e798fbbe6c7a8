import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, expect, it } from "vitest";
import { type AppError, httpStatusOf } from "../../base/errors.ts";
import { limitAnswers } from "./answer-budget.ts";

const size = 16 * 2 ** 20;
let app: FastifyInstance;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await app.close();
});

/** An app that has room for two and a half of its large answers. */
async function serve(): Promise<{ readonly origin: string; readonly ask: (path: string) => Socket }> {
  app = fastify({ forceCloseConnections: true });
  limitAnswers(app, 2.5 * size);
  app.setErrorHandler((error: AppError, _request, reply) => reply.code(httpStatusOf(error.code)).send(error.toJSON()));
  const large = Buffer.alloc(size);
  app.get("/large", (_request, reply) => reply.header("cache-control", "public, max-age=3600").send(large));
  app.get("/file", (_request, reply) => reply.send(Readable.from(["x".repeat(100)])));
  app.get("/small", () => "small");
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    origin,
    ask(path) {
      const socket = connect(Number(new URL(origin).port), "127.0.0.1", () =>
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
      );
      sockets.push(socket.pause());
      return socket;
    },
  };
}

it("above the limit is a refusal, until others were taken; small ones go on", async () => {
  const { origin, ask } = await serve();
  const statusOf = async (path: string) => (await fetch(`${origin}${path}`)).status;
  const readers = [ask("/large"), ask("/large")];
  await Promise.all(readers.map((socket) => new Promise((resolve) => socket.once("readable", resolve))));
  const refused = await fetch(`${origin}/large`);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "OVERLOADED" });
  // A cache would answer with it for an hour.
  expect(refused.headers.get("cache-control")).toBeNull();
  expect([await statusOf("/small"), await statusOf("/file")]).toEqual([200, 200]);
  readers[0]!.destroy();
  await expect.poll(() => statusOf("/large"), { timeout: 5000 }).toBe(200);
});

it("counts an answer that was taken no longer", async () => {
  const { origin } = await serve();
  for (let at = 0; at < 10; at++) {
    const bytes = await (await fetch(`${origin}/large`)).arrayBuffer();
    expect(bytes.byteLength).toBe(size);
  }
});
