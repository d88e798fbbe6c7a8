/** The service's own pictures to try it with. */

import { element, find } from "../page/element.ts";
import type { SamplePicture } from "../service/api.ts";

/** Shows them; nothing at all where the service has none. */
export function showSamples(samples: readonly SamplePicture[], onChoose: (sample: SamplePicture) => void): void {
  find("samples", HTMLElement).hidden = samples.length === 0;
  find("sample-list", HTMLElement).replaceChildren(
    ...samples.map((sample) => {
      const { name, label, url } = sample;
      const image = element("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
      image.addEventListener("load", () => image.classList.toggle("tiny", image.naturalWidth <= 48));
      const choose = (): void => onChoose(sample);
      const button = element(
        "button",
        { type: "button", "aria-label": `Sample ${name}, labelled ${label}`, onclick: choose },
        image,
      );
      return element("li", {}, button);
    }),
  );
}
