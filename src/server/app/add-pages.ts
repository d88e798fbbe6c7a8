/** Pages for people: the playground at `/`, and the documentation of the routes at `/docs`. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fastifyStatic } from "@fastify/static";
import { fastifySwagger } from "@fastify/swagger";
import { fastifySwaggerUi } from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { docsTheme } from "./docs-theme.ts";

/** The built playground, as seen from the compiled server and from its source. */
const folders = ["../../web/", "../../../dist/web/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

export async function addPages(app: FastifyInstance, document: () => object): Promise<void> {
  const root = folders.find((folder) => existsSync(`${folder}main.js`));
  if (root !== undefined) {
    await app.register(fastifyStatic, { root, prefix: "/playground/", index: false, decorateReply: true });
    app.get("/", (_request, reply) => reply.sendFile("index.html"));
  }
  await app.register(fastifySwagger, { mode: "static", specification: { document: document() as never } }); // plain JSON of OpenAPI 3.1
  await app.register(fastifySwaggerUi, {
    routePrefix: "/docs",
    staticCSP: false,
    transformSpecification: document,
    transformSpecificationClone: false,
    uiConfig: { layout: "BaseLayout", docExpansion: "list", tryItOutEnabled: true, displayRequestDuration: true },
    theme: docsTheme,
  });
}
