/** A canvas as a picture file. */

/**
 * Synchronous, for small pictures: Chromium may defer `toBlob` by up to a second.
 */
export function canvasFile(canvas: HTMLCanvasElement, type: "image/png" | "image/jpeg", quality?: number): Blob {
  const base64 = canvas.toDataURL(type, quality).split(",", 2)[1] ?? "";
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
}
