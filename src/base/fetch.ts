/**
 * `fetch` for this process's own requests, from the undici package. The one inside Node.js 20 and 22
 * (undici 6) never settles where a server closes the process's first connection before its parser is
 * loaded, as a load balancer without a server behind it does; a process that waits for it ends
 * without a word, with exit code 13.
 */
export const fetch: typeof globalThis.fetch = async (input, init) => {
  const undici = await import("undici");
  // The same standard, by other declarations.
  return (await undici.fetch(...([input, init] as unknown as Parameters<typeof undici.fetch>))) as unknown as Response;
};
