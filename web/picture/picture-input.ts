/**
 * File inputs of the page: chooser, drop, paste, and a phone's camera.
 */
import { find } from "../page/element.ts";
import { ServiceError } from "../service/service-error.ts";

export interface PictureInputs {
  readonly onFiles: (files: readonly File[]) => void;
  /** Something was dropped or pasted that holds no file. */
  readonly onFault: (fault: ServiceError) => void;
}

export function connectPictureInputs({ onFiles, onFault }: PictureInputs): void {
  connectChooser(find("choose", HTMLButtonElement), find("file", HTMLInputElement), onFiles);
  const take = (transfer: DataTransfer | null): void => {
    const files = [...(transfer?.files ?? [])];
    if (files.length > 0) onFiles(files);
    else onFault(noFile(transfer));
  };
  connectDrop(find("drop-cover", HTMLElement), take);
  document.addEventListener("paste", (event) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (isTyping) return;
    event.preventDefault();
    take(event.clipboardData);
  });
}

/** Opens the browser's file dialog, or a phone's camera where the input asks for it. */
export function connectChooser(
  button: HTMLButtonElement,
  input: HTMLInputElement,
  onFiles: (files: readonly File[]) => void,
): void {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // Emptied, so that choosing the same file again is a change too.
    input.value = "";
    if (files.length > 0) onFiles(files);
  });
}

function connectDrop(cover: HTMLElement, take: (transfer: DataTransfer | null) => void): void {
  /**
   * `dragenter` and `dragleave` fire for every element: the drag has left the page at depth 0.
   */
  let depth = 0;
  const carriesSomething = ({ dataTransfer }: DragEvent): boolean =>
    dataTransfer?.types.some((type) => type === "Files" || type === "text/uri-list") === true;
  const turn = (to: number): void => {
    depth = Math.max(0, to);
    cover.hidden = depth === 0;
  };
  document.addEventListener("dragenter", (event) => {
    if (carriesSomething(event)) turn(depth + 1);
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesSomething(event)) turn(depth - 1);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesSomething(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    turn(0);
    if (!carriesSomething(event)) return;
    event.preventDefault();
    take(event.dataTransfer);
  });
}

function noFile(transfer: DataTransfer | null): ServiceError {
  const isLink = transfer?.types.includes("text/uri-list") === true;
  return new ServiceError(400, {
    code: "NO_FILE",
    message: `a picture file; got ${isLink ? "the address of one" : "text"}`,
    hint: isLink ? "save the picture first, then drop the file" : "copy a picture itself, then paste it here",
  });
}
