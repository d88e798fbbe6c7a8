/** Helmet's headers, computed once instead of for every request. */
import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";

/** Pages load from the service alone and are shown in no frame; nothing is guessed from content. */
export const securityHeaders: Readonly<Record<string, string>> = collectHeaders(
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:", "blob:"],
        mediaSrc: ["'self'", "blob:"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    xFrameOptions: { action: "deny" },
    // TLS ends in front of the service, if anywhere: whoever ends it may ask for it.
    strictTransportSecurity: false,
  }),
);

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The headers that the middleware sets, recorded by a stand-in for the response. */
function collectHeaders(middleware: Middleware): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const notes = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => {},
  };
  middleware({} as IncomingMessage, notes as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return headers;
}
