/** What is on a canvas as a picture file. */

/**
 * At once, for small pictures: `toBlob` waits until the browser has nothing else to do, up to a
 * second in Chromium, which a person who draws would notice.
 */
export function canvasFile(canvas: HTMLCanvasElement, type: "image/png" | "image/jpeg", quality?: number): Blob {
  const base64 = canvas.toDataURL(type, quality).split(",", 2)[1] ?? "";
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
}
