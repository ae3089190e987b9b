// Face enrolment: the mirror opens only while portraits are taken, which the agent starts after consent.
import { forms, live } from "./link.js";
import { showFace, startMirror } from "./mirror.js";

const texts = document.getElementById("live").dataset;
const capture = document.getElementById("capture");
const sentence = document.getElementById("sentence");
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
let taking = false;

forms();
startMirror(() => taking);
live((state) => {
  const begins = state.taking && !taking;
  taking = state.taking;
  capture.hidden = !taking;
  showFace(state.guidance?.box ?? null);
  say(sentence, state.guidance?.sentence || texts.look);
  const [taken, needed] = state.portraits;
  say(document.getElementById("count"), taking ? `${taken}/${needed}` : "");
  const dots = document.getElementById("dots");
  if (dots.childElementCount !== needed) dots.replaceChildren(...Array.from({ length: needed }, () => document.createElement("i")));
  [...dots.children].forEach((dot, place) => dot.classList.toggle("is-taken", place < taken));
  if (begins) capture.scrollIntoView({ block: "start" });
});
