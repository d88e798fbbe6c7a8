/**
 * A pad to draw a digit or letter on: white strokes on black, as the pictures of such models are.
 */

import { element, find } from "../page/element.ts";
import { canvasFile } from "./canvas-file.ts";
import { centreDrawing } from "./centre-drawing.ts";

export interface DrawingPadOptions {
  /** The model's picture, in pixels: the pad has its proportions. */
  readonly width: number;
  readonly height: number;
  /** A drawing after a stroke; `drawing` counts up with every cleared pad. */
  readonly onDrawing: (picture: Blob, drawing: number) => void;
}

/** Pixels of the pad's longer side, whatever its size on the screen. */
const padSide = 336;
/** A stroke's width as a share of the pad, like MNIST's. */
const strokeShare = 0.075;
/** Delay after a stroke before the drawing is sent, unless another one begins. */
const pauseMs = 120;

export function connectDrawingPad({ width, height, onDrawing }: DrawingPadOptions): void {
  const canvas = find("pad", HTMLCanvasElement);
  const hint = find("pad-hint", HTMLElement);
  const clearButton = find("pad-clear", HTMLButtonElement);
  const scale = padSide / Math.max(width, height);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser cannot draw");
  let drawing = 1;
  let pointer: number | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;

  const blank = (): void => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = "#fff";
    context.lineWidth = padSide * strokeShare;
    context.lineCap = "round";
    context.lineJoin = "round";
  };
  const place = ({ clientX, clientY }: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * canvas.width, ((clientY - box.top) / box.height) * canvas.height];
  };
  const line = (to: [number, number]): void => {
    context.lineTo(...to);
    context.stroke();
  };
  const send = (): void => {
    const target = element("canvas", { width: canvas.width, height: canvas.height });
    centreDrawing(canvas, target);
    onDrawing(canvasFile(target, "image/png"), drawing);
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== undefined || event.button !== 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    clearTimeout(pause);
    hint.hidden = true;
    clearButton.disabled = false;
    context.beginPath();
    context.moveTo(...place(event));
    line(place(event)); // a tap is a dot
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length > 0 ? between : [event]) line(place(one));
  });
  const lift = (event: PointerEvent): void => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    clearTimeout(pause);
    pause = setTimeout(send, pauseMs);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  clearButton.addEventListener("click", () => {
    clearTimeout(pause);
    drawing += 1;
    blank();
    hint.hidden = false;
    clearButton.disabled = true;
    find("tab-draw", HTMLButtonElement).focus();
  });
  blank();
}
