/** The thread of `body-thread.ts`. */
import { answerThread } from "../../base/threads/answer-thread.ts";
import { type BodyKind, type BodyTask, bodyReaders, ownBytes, type ReadBody } from "./body-readers.ts";
import type { PictureInput } from "./picture-input.ts";

answerThread(async (task: BodyTask) => handOver(await read(task), task.bytes.buffer));

function read<Kind extends BodyKind>({ kind, bytes, options }: BodyTask<Kind>) {
  return bodyReaders[kind].read(bytes, options);
}

/** The request, with the memory of its pictures. Parts of the body stay where they are. */
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
  return { answer: { ...request, pictures }, transfer: [...memory] };
}
