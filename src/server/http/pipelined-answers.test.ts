import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { endPipelinedAnswers } from "./pipelined-answers.ts";

it("answers that wait behind others end with their connection, each once", async () => {
  const closed: string[] = [];
  const held: ServerResponse[] = [];
  const server = createServer(({ url = "" }, response) => {
    response.on("close", () => closed.push(url));
    if (url === "/now") response.end(url);
    else held.push(response);
  });
  endPipelinedAnswers(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  const paths = ["/now", "/a", "/now", "/b", "/c"];
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  await expect.poll(() => held.length).toBe(3);
  held[0]!.end("a");
  // The second of them has its turn now; the third waits.
  await expect.poll(() => closed).toEqual(["/now", "/a", "/now"]);
  socket.resetAndDestroy();
  await expect.poll(() => closed.length).toBe(5);
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed.slice(3).sort()).toEqual(["/b", "/c"]);
  expect(held.every((response) => response.destroyed)).toBe(true);
  server.close();
});
