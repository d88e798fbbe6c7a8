/** The playground: joins the parts of the page to each other and to the service. */

import { showCode } from "./about/code-panel.ts";
import { showModel } from "./about/model-card.ts";
import { createAnswerView } from "./answer/answer-view.ts";
import { errorView } from "./answer/error-view.ts";
import { createFeedbackView } from "./answer/feedback-view.ts";
import { createHeatMapView } from "./answer/heat-map-view.ts";
import { createHistory } from "./answer/history.ts";
import { type Brought, createSession } from "./answer/session.ts";
import { find } from "./page/element.ts";
import { connectTabs } from "./page/tabs.ts";
import { connectTheme } from "./page/theme.ts";
import { connectCamera } from "./picture/camera.ts";
import { connectDrawingPad } from "./picture/drawing-pad.ts";
import { connectPictureInputs } from "./picture/picture-input.ts";
import { createPictureView } from "./picture/picture-view.ts";
import { showSamples } from "./picture/sample-gallery.ts";
import { fetchModel, fetchPicture, fetchSamples, type ModelDescription, type SamplePicture } from "./service/api.ts";
import { toServiceError } from "./service/service-error.ts";

/** Models of larger pictures are not trained on drawings. */
const padPixels = 64;

const announcer = find("announcer", HTMLElement);
const announce = (text: string): void => {
  announcer.textContent = "";
  // Screen readers announce a text again only after it has changed.
  setTimeout(() => {
    announcer.textContent = text;
  }, 30);
};

let model: ModelDescription | undefined;
/** A picture was brought, perhaps before the model was known. */
let hasPicture = false;
const askedVersions = new Set<string>();

const history = createHistory({
  onChoose(prediction) {
    inputTabs.select("tab-picture");
    session.showAgain(prediction);
    reveal(find("stage", HTMLElement));
  },
});
const feedback = createFeedbackView(announce);
const answer = createAnswerView(feedback);
const session = createSession({
  picture: createPictureView(),
  answer,
  heatMap: createHeatMapView(announce),
  history,
  announce,
  limitBytes: () => model?.limits.body_bytes ?? Number.POSITIVE_INFINITY,
  onAnswer({ modelVersion }) {
    // Another version may serve by now. Each is looked up once, since canaries alternate.
    if (modelVersion === model?.version || askedVersions.has(modelVersion)) return;
    askedVersions.add(modelVersion);
    loadModel().catch(() => askedVersions.delete(modelVersion));
  },
});
const inputTabs = connectTabs(find("input-tabs", HTMLElement), (tab) => {
  // picture.css shows the buttons of the tab.
  find("input", HTMLElement).dataset.tab = tab;
});

const bring = async (pictures: readonly Brought[]): Promise<void> => {
  hasPicture = true;
  inputTabs.select("tab-picture");
  await session.ask(pictures);
  reveal(find("answer", HTMLElement).firstElementChild);
};
const bringFiles = (files: readonly File[]): void => void bring(files.map((file) => ({ name: file.name, file })));
const bringSample = ({ name, label, url }: SamplePicture): void =>
  void bring([{ name, label, file: (signal) => fetchPicture(url, signal) }]);

connectTheme(find("theme", HTMLButtonElement));
inputTabs.select("tab-picture");
connectPictureInputs({ onFiles: bringFiles, onFault: session.fail });
void connectCamera(find("photograph", HTMLButtonElement), bringFiles);
showCode();
await start();

async function start(): Promise<void> {
  const fault = find("startup-fault", HTMLElement);
  const retry = (): void => {
    find("main", HTMLElement).focus();
    void start();
  };
  try {
    await loadModel();
    fault.hidden = true;
    if (!model) return;
    answer.invite(model.labels);
    offerPad(model);
    showSamples(await fetchSamples(), bringSample);
  } catch (error) {
    if (!model) find("lead", HTMLElement).textContent = "Which model answers is not known yet.";
    fault.replaceChildren(errorView(toServiceError(error), retry));
    fault.hidden = false;
  }
}

async function loadModel(): Promise<void> {
  model = await fetchModel();
  showModel(model);
  feedback.offer(model.takes_feedback);
}

function offerPad({ recipe: { width, height, channels } }: ModelDescription): void {
  const tabs = find("input-tabs", HTMLElement);
  if (channels !== 1 || Math.max(width, height) > padPixels || !tabs.hidden) return;
  connectDrawingPad({
    width,
    height,
    onDrawing: (file, drawing) => void session.ask([{ name: `drawing ${drawing}`, file, drawing }]),
  });
  tabs.hidden = false;
  if (!hasPicture) inputTabs.select("tab-draw");
}

/** Scrolls no further than it takes to see the part. */
function reveal(part: Element | null): void {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  part?.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
}
