/** The heat map beside the picture: for the likeliest class, or for any other that is chosen. */

import { heatColour } from "../../src/image/colour-scale.ts";
import { element, find } from "../page/element.ts";
import { percent } from "../page/format.ts";
import { pictureImage } from "../picture/picture-view.ts";
import type { ShownHeatMap, ShownPrediction } from "../picture/shown-picture.ts";
import { explain } from "../service/api.ts";
import { toServiceError } from "../service/service-error.ts";
import { errorView } from "./error-view.ts";

export interface HeatMapView {
  /** Sets the prediction to explain; undefined for none. */
  follow(prediction: ShownPrediction | undefined): void;
}

export function createHeatMapView(announce: (text: string) => void): HeatMapView {
  const controls = find("heat-controls", HTMLElement);
  const figure = find("heat-figure", HTMLElement);
  const toggle = element("button", { type: "button", "aria-pressed": "false" }, "Heat map");
  const chooser = element("select", { id: "heat-class" });
  const choice = element(
    "div",
    { class: "choice", hidden: true },
    element("label", { for: "heat-class" }, "for"),
    chooser,
  );
  controls.append(toggle, choice);
  const view = connectViewSwitch();
  let current: ShownPrediction | undefined;
  let running: AbortController | undefined;
  let isOn = false;

  const draw = async (isAskedFor: boolean): Promise<void> => {
    running?.abort();
    const prediction = current;
    figure.hidden = !isOn || prediction === undefined;
    if (!isOn || prediction === undefined) return;
    running = new AbortController();
    const { signal } = running;
    const label = chooser.value;
    figure.setAttribute("aria-busy", "true");
    try {
      const map = prediction.heatMaps.get(label) ?? (await fetchHeatMap(prediction, label, signal));
      if (signal.aborted) return;
      const alt = `The picture with the parts that speak for ${label} marked`;
      const subject = element("span", { class: "subject" }, "Evidence for ", element("strong", {}, label));
      const words = element("figcaption", {}, subject, colourScale());
      figure.replaceChildren(pictureImage(map, alt), words);
      figure.title = map.method;
      if (isAskedFor) announce(`Heat map for ${label} is shown.`);
    } catch (error) {
      if (signal.aborted) return;
      figure.replaceChildren(errorView(toServiceError(error), () => void draw(true)));
    }
    figure.removeAttribute("aria-busy");
  };
  toggle.addEventListener("click", () => {
    isOn = !isOn;
    toggle.setAttribute("aria-pressed", String(isOn));
    choice.hidden = !isOn;
    view.offer(isOn);
    void draw(true);
  });
  chooser.addEventListener("change", () => void draw(true));
  return {
    follow(prediction) {
      current = prediction;
      controls.hidden = prediction === undefined;
      view.offer(isOn && prediction !== undefined);
      chooser.replaceChildren(
        ...(prediction?.answer.classes ?? []).map(({ label, probability }) =>
          element("option", { value: label }, `${label} (${percent(probability)})`),
        ),
      );
      void draw(false);
    },
  };
}

/** What the colours of a heat map mean. */
function colourScale(): HTMLElement {
  const colours = [0, 0.25, 0.5, 0.75, 1].map((heat) => `rgb(${heatColour(heat).join(" ")} / ${0.8 * heat})`);
  const bar = element("span", { class: "scale-bar", "aria-hidden": "true" });
  bar.style.backgroundImage = `linear-gradient(to right, ${colours.join(", ")})`;
  return element("span", { class: "scale" }, "none", bar, "the most");
}

async function fetchHeatMap(
  { picture, heatMaps }: ShownPrediction,
  label: string,
  signal: AbortSignal,
): Promise<ShownHeatMap> {
  const { picture: drawn, method } = await explain(picture.file, label, signal);
  const map = { url: URL.createObjectURL(drawn), method };
  heatMaps.set(label, map);
  return map;
}

/** On narrow windows the picture and its heat map share one place. */
function connectViewSwitch() {
  const group = find("view-switch", HTMLElement);
  const stage = find("stage", HTMLElement);
  const buttons = { picture: find("view-picture", HTMLButtonElement), heat: find("view-heat", HTMLButtonElement) };
  const show = (view: keyof typeof buttons): void => {
    stage.dataset.view = view;
    buttons.picture.setAttribute("aria-pressed", String(view === "picture"));
    buttons.heat.setAttribute("aria-pressed", String(view === "heat"));
  };
  buttons.picture.addEventListener("click", () => show("picture"));
  buttons.heat.addEventListener("click", () => show("heat"));
  return {
    /** A new heat map is shown first. */
    offer(isOffered: boolean): void {
      if (isOffered === !group.hidden) return;
      group.hidden = !isOffered;
      show(isOffered ? "heat" : "picture");
    },
  };
}
