import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openThread } from "./thread.ts";

/** A thread in plain JavaScript that speaks the messages of `answerThread`. */
const entry = (answer: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", (message) => {
        if (message === "close") return parentPort.close();
        const { id, question } = message;
        ${answer}
      });`)}`,
  );

const echo = entry("parentPort.postMessage({ id, answer: question });");

it("answers questions that overlap, each with its own answer, and ends by itself", async () => {
  const thread = openThread<number, number>(echo);
  expect(await Promise.all([1, 2, 3].map((one) => thread.ask(one)))).toEqual([1, 2, 3]);
  await thread.close();
  expect(thread.isOpen).toBe(false);
  await expect(thread.ask(4)).rejects.toThrow("the thread has ended");
  await thread.close();
});

it("brings errors back: coded ones with their code, others with their message", async () => {
  const error =
    '{ message: "m", ...(question && { code: "BUNDLE_INVALID", detail: { required: "a", received: "b" } }) }';
  const thread = openThread<boolean, never>(entry(`parentPort.postMessage({ id, error: ${error} });`));
  await expect(thread.ask(true)).rejects.toMatchObject({ code: "BUNDLE_INVALID", message: "Expected a; got b" });
  await expect(thread.ask(false)).rejects.toThrow("m");
  await thread.close();
});

it("is ended in the middle of endless work by its signal, and fails what was asked", async () => {
  const ending = new AbortController();
  const thread = openThread<number, never>(entry("for (;;);"), { signal: ending.signal });
  const asked = [thread.ask(1), thread.ask(2)];
  setTimeout(() => ending.abort(), 200);
  for (const one of asked) await expect(one).rejects.toThrow("the thread ended");
  await thread.close();
  const late = openThread(echo, { signal: ending.signal });
  await expect(late.ask(1)).rejects.toThrow();
});

it("fails what was asked of a thread that crashes, or needs more memory than it may have", async () => {
  const crashing = openThread(entry('throw new Error("crashed");'));
  await expect(crashing.ask(1)).rejects.toThrow("crashed");
  const hungry = openThread(entry("const all = []; for (;;) all.push(new Array(1000).fill(all.length));"), {
    heapMiB: 32,
  });
  await expect(hungry.ask(1)).rejects.toThrow(/memory/);
});

it("starts from a program that Node was given as text", async () => {
  const file = join(temporaryFolder("thread"), "echo.mjs");
  await writeFile(file, decodeURIComponent(echo.href.slice(echo.href.indexOf(",") + 1)));
  const thread = new URL("./thread.ts", import.meta.url).href;
  const program = `
    import { register } from ${JSON.stringify(import.meta.resolve("tsx/esm/api"))};
    register();
    const { openThread } = await import(${JSON.stringify(thread)});
    const thread = openThread(new URL(${JSON.stringify(pathToFileURL(file).href)}));
    console.log(await thread.ask("heard"));
    await thread.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stdout, stderr).toBe("heard\n");
});
