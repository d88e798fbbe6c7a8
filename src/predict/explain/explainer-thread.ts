/**
 * An explainer in a thread of its own: the gradients, ONNX Runtime's session and the drawing keep
 * the event loop free.
 */
import "../../runtime/engine-telemetry.ts";
import { openThread } from "../../base/threads/thread.ts";
import type { PixelImage } from "../../image/decode.ts";
import type { Explainer } from "./explain.ts";
import type { HeatMap } from "./heat-map.ts";
import type { HeatMapCaption } from "./heat-map-caption.ts";

/** An explainer that draws its heat maps, too. */
export interface DrawingExplainer extends Explainer {
  /** As `drawHeatMap`. */
  draw(picture: PixelImage, heat: HeatMap, caption?: HeatMapCaption): Promise<Uint8Array>;
  /** False once it has ended: by `close`, or because its thread failed. */
  readonly isOpen: boolean;
}

/** A bundle's bytes, and their name in errors. */
export interface BundleToExplain {
  readonly bytes: Uint8Array;
  readonly where: string;
}

/** Errors: those of `createExplainer`. */
export type ExplainerFactory = (bundle: BundleToExplain) => Promise<DrawingExplainer>;

/** What the thread is asked; the bundle comes first. */
export type ExplainQuestion =
  | { readonly kind: "open"; readonly bundle: BundleToExplain }
  | { readonly kind: "explain"; readonly pixels: Uint8Array; readonly classIndex: number }
  | {
      readonly kind: "draw";
      readonly picture: PixelImage;
      readonly heat: HeatMap;
      readonly caption: HeatMapCaption | undefined;
    };

export type ExplainAnswer = HeatMap | Uint8Array | undefined;

/** Starts `entry`, a module that answers `ExplainQuestion`s by `answerExplanations`. Errors: as `createExplainer`. */
export async function openExplainerThread(entry: URL, bundle: BundleToExplain): Promise<DrawingExplainer> {
  const thread = openThread<ExplainQuestion, ExplainAnswer>(entry);
  try {
    await thread.ask({ kind: "open", bundle });
  } catch (error) {
    await thread.close();
    throw error;
  }
  // The thread answers each kind with its own. Pixels go there as a copy: a view as it is would take all of the
  // memory along that it is a part of.
  return {
    async explain(view, classIndex) {
      const pixels = Uint8Array.from(view);
      return (await thread.ask({ kind: "explain", pixels, classIndex }, [pixels.buffer])) as HeatMap;
    },
    async draw(image, heat, caption) {
      const picture = { ...image, pixels: Uint8Array.from(image.pixels) };
      return (await thread.ask({ kind: "draw", picture, heat, caption }, [picture.pixels.buffer])) as Uint8Array;
    },
    get isOpen() {
      return thread.isOpen;
    },
    close: () => thread.close(),
  };
}
