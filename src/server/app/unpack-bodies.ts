/** Unpacks compressed bodies once their callers are admitted and their bytes are here. */
import type { FastifyInstance } from "fastify";
import { bodyLimitOf } from "../contract/route.ts";
import type { BodyBudget } from "../http/body-budget.ts";
import { contentCodingOf, unpackBody } from "../http/content-encoding.ts";
import type { Service } from "../service.ts";

/** A body that is not compressed passes at once. */
export function unpackBodies(app: FastifyInstance, { config, decoding }: Service, bodies: BodyBudget): void {
  app.addHook("preValidation", (request, reply, done) => {
    const { body: packed, context, headers } = request;
    // The route refused other codings before it read the body.
    const coding = packed instanceof Uint8Array ? contentCodingOf(headers["content-encoding"]) : undefined;
    if (coding === undefined || !(packed instanceof Uint8Array)) return done();
    // A bounded number at a time, as pictures are decoded: a small body may unpack to a large one.
    decoding
      .pass(context, async () => {
        const limit = bodyLimitOf(request.routeOptions.config.contract, config.bodyBytes);
        const body = await unpackBody(packed, coding, limit);
        bodies.unpacked(body.length, reply.raw);
        request.body = body;
      })
      .then(() => done(), done);
  });
}
