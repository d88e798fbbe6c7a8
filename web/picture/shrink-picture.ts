/**
 * Shrinks pictures with more bytes than the service takes.
 */
import { fileSize } from "../page/format.ts";

export interface SentPicture {
  readonly file: Blob;
  /** What was done, for display; undefined where nothing was. */
  readonly note: string | undefined;
}

/** JPEG quality: that of cameras. */
const quality = 0.9;
const attempts = 6;

/**
 * The file itself where it fits into `limitBytes`, or where the browser cannot decode it: the service
 * then answers with the error.
 */
export async function shrinkPicture(file: Blob, limitBytes: number): Promise<SentPicture> {
  if (file.size <= limitBytes) return { file, note: undefined };
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return { file, note: undefined };
  try {
    // Bytes are about proportional to the area.
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
