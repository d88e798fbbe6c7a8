/** A thread that reads bodies, one after another. */
import { parentPort } from "node:worker_threads";
import { type BodyReply, type BodyTask, failedReply, ownBytes } from "./body-messages.ts";
import { type BodyKind, bodyReaders, type ReadBody } from "./body-readers.ts";
import type { PictureInput } from "./picture-input.ts";

const port = parentPort!; // this file is only ever started as a thread

port.on("message", async (task: BodyTask) => {
  try {
    const { request, memory } = handOver(await read(task), task.bytes.buffer);
    const reply: BodyReply = { request };
    port.postMessage(reply, memory);
  } catch (error) {
    port.postMessage(failedReply(error));
  }
});

function read<Kind extends BodyKind>({ kind, bytes, options }: BodyTask<Kind>) {
  return bodyReaders[kind].read(bytes, options);
}

/** The request and the memory to send with it. Parts of the body stay where they are. */
function handOver(request: ReadBody<BodyKind>, body: ArrayBuffer) {
  const memory = new Set<ArrayBuffer>();
  const sent = (bytes: Uint8Array): Uint8Array => {
    const own = bytes.buffer === body ? bytes : ownBytes(bytes);
    memory.add(own.buffer as ArrayBuffer); // the body's, or that of ownBytes
    return own;
  };
  const pictures = request.pictures.map(
    (picture): PictureInput =>
      picture.kind === "file"
        ? { ...picture, bytes: sent(picture.bytes) }
        : { ...picture, pixels: sent(picture.pixels) },
  );
  return { request: { ...request, pictures }, memory: [...memory] };
}
