/**
 * Makes a picture smaller in the browser when it has more bytes than the service takes, and only
 * then.
 */
import { fileSize } from "../page/format.ts";

export interface SentPicture {
  readonly file: Blob;
  /** What was done, for people; undefined where nothing was. */
  readonly note: string | undefined;
}

/** Of a JPEG: what cameras use, so that nothing is seen of it. */
const quality = 0.9;
const attempts = 6;

/**
 * The file itself where it fits into `limitBytes`, or where it is nothing that the browser can make
 * smaller: the service then says why not.
 */
export async function shrinkPicture(file: Blob, limitBytes: number): Promise<SentPicture> {
  if (file.size <= limitBytes) return { file, note: undefined };
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return { file, note: undefined };
  try {
    // Bytes grow about as the area does; each further attempt is a little more careful.
    let scale = Math.min(1, Math.sqrt(limitBytes / file.size));
    for (let attempt = 0; attempt < attempts; attempt++) {
      const smaller = await drawAt(bitmap, scale);
      if (smaller !== null && smaller.size <= limitBytes) {
        return { file: smaller, note: `made smaller to fit: ${fileSize(file.size)} to ${fileSize(smaller.size)}` };
      }
      scale *= 0.7;
    }
    return { file, note: undefined };
  } finally {
    bitmap.close();
  }
}

function drawAt(bitmap: ImageBitmap, scale: number): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return Promise.resolve(null);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
