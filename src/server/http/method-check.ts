/** Tells a path that exists for another method from one that does not exist. */
import type { RouteContract } from "../contract/route.ts";

/**
 * The methods that the contract knows for a path, `HEAD` beside every `GET`; none for a path that
 * no route has.
 */
export function methodsOf(routes: readonly RouteContract[]): (url: string) => readonly string[] {
  const patterns = routes.map(({ method, path }) => ({
    methods: method === "GET" ? ["GET", "HEAD"] : [method],
    pattern: new RegExp(`^${path.replace(/[.]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}$`),
  }));
  return (url) => {
    const path = url.split("?", 1)[0]!;
    return patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
  };
}
