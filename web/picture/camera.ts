/**
 * Photographs: a phone's own camera app where there is one, else a dialog with the camera's live
 * picture.
 */

import { find } from "../page/element.ts";
import { canvasFile } from "./canvas-file.ts";
import { connectChooser } from "./picture-input.ts";

/** JPEG quality: a quarter of the best quality's bytes, without visible loss. */
const quality = 0.92;

/** Shows the button where there is a camera. Photographs are passed on as JPEG files. */
export async function connectCamera(
  button: HTMLButtonElement,
  onFiles: (files: readonly File[]) => void,
): Promise<void> {
  if (matchMedia("(pointer: coarse)").matches) {
    connectChooser(button, find("phone-camera", HTMLInputElement), onFiles);
    button.hidden = false;
    return;
  }
  // Cameras exist in secure contexts only (https, localhost).
  const media: MediaDevices | undefined = navigator.mediaDevices;
  const devices = await media?.enumerateDevices().catch(() => []);
  if (!devices?.some(({ kind }) => kind === "videoinput")) return;
  button.addEventListener("click", () => openDialog(media, onFiles));
  button.hidden = false;
}

function openDialog(media: MediaDevices, onFiles: (files: readonly File[]) => void): void {
  const dialog = find("camera", HTMLDialogElement);
  const video = find("camera-video", HTMLVideoElement);
  const fault = find("camera-fault", HTMLElement);
  const take = find("camera-take", HTMLButtonElement);
  fault.hidden = true;
  take.disabled = true;
  const closed = new AbortController();
  const { signal } = closed;
  dialog.addEventListener(
    "close",
    () => {
      closed.abort();
      if (video.srcObject instanceof MediaStream) stop(video.srcObject);
      video.srcObject = null;
    },
    { once: true },
  );
  find("camera-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close(), { signal });
  const offer = (): void => {
    take.disabled = false;
  };
  video.addEventListener("loadeddata", offer, { signal });
  const shoot = (): void => {
    const photo = photograph(video);
    dialog.close();
    onFiles([photo]);
  };
  take.addEventListener("click", shoot, { signal });
  dialog.showModal();
  media.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } }).then(
    (stream) => {
      // The dialog was closed before permission came: the camera must not stay on.
      if (signal.aborted) stop(stream);
      else video.srcObject = stream;
    },
    (error: unknown) => {
      fault.textContent = explanation(error);
      fault.hidden = false;
    },
  );
}

function photograph(video: HTMLVideoElement): File {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return new File([canvasFile(canvas, "image/jpeg", quality)], "photo.jpg", { type: "image/jpeg" });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function explanation(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser was not allowed to use the camera. Allow it beside the page's address, then try again.";
  if (name === "NotFoundError") return "No camera was found.";
  if (name === "NotReadableError") return "Another program uses the camera.";
  return "The camera could not be started.";
}
