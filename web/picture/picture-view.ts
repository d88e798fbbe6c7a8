/** The picture that is being asked about, in the place of the invitation to bring one. */
import { element, find } from "../page/element.ts";
import type { ShownPicture } from "./shown-picture.ts";

export interface PictureView {
  show(picture: ShownPicture): void;
}

export function createPictureView(): PictureView {
  const invitation = find("invitation", HTMLElement);
  const figure = find("picture-figure", HTMLElement);
  return {
    show(picture) {
      invitation.hidden = true;
      figure.hidden = false;
      figure.replaceChildren(
        pictureImage(picture, `The picture: ${picture.name}`),
        element(
          "figcaption",
          {},
          element("span", { class: "file-name" }, picture.name),
          picture.note && ` (${picture.note})`,
        ),
      );
    },
  };
}

/**
 * The picture, or a note where the browser cannot show such a file (TIFF, text).
 */
export function pictureImage({ url }: Pick<ShownPicture, "url">, alt: string): HTMLElement {
  const frame = element("div", { class: "frame" });
  const image = element("img", { src: url, alt, decoding: "async" });
  image.addEventListener("error", () => {
    frame.replaceChildren(element("p", { class: "no-preview" }, "No preview"));
  });
  image.addEventListener("load", () => {
    // Small pictures are enlarged with visible pixels, as the model sees them.
    image.classList.toggle("tiny", image.naturalWidth <= 64);
  });
  frame.append(image);
  return frame;
}
