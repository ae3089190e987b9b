// The learners' screen. The agent says what the camera came to; here is only which screen stands: the start (face, card
// and PIN side by side), the pad (a code, then a PIN), a card that waits for the witness, and the outcome.
import { act, forms, live } from "./link.js";
import { showFace, startMirror } from "./mirror.js";
import { silent, tone, wake } from "./tone.js";

const OUTCOME_MS = 4000;
const IDLE_MS = 45_000;
const LEFT_MS = 10_000; // whom the camera asked for a PIN has left without typing anything
const get = (id) => document.getElementById(id);
const texts = get("live").dataset;
const screens = { face: get("screen-face"), pad: get("screen-pad"), card: get("screen-card"), outcome: get("screen-outcome") };
const input = get("pad-input");
const wrong = get("pad-wrong");
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

let screen = "face";
let state = null;
let seen = -1;
let timer = 0;
let step = null; // of the pad: {kind: "who"} or {kind: "pin", fields}
let busy = false;
let leaving = 0; // the timer of a pad that the camera opened and nobody stands before
let away = null; // whose card is being put away: a message from before that was done brings it once more

function show(name) {
  screen = name;
  clearTimeout(timer);
  document.body.dataset.screen = name;
  for (const [key, element] of Object.entries(screens)) element.hidden = key !== name;
  if (name === "outcome") timer = setTimeout(start, OUTCOME_MS);
  if (name === "pad" || name === "card") idle();
  if (name === "card" || name === "outcome") screens[name].focus();
}

function idle() {
  clearTimeout(timer);
  timer = setTimeout(() => { if (screen === "card") act("/card/away", {}); start(); }, IDLE_MS);
}

function start() {
  step = null;
  input.value = "";
  show("face");
  if (document.activeElement === document.body || !document.activeElement?.isConnected) return;
  if (document.activeElement.closest("[hidden]")) document.activeElement.blur();
}

/** Open the pad: for a code or card (`fields` null), or for the PIN that goes with `fields`. */
function openPad(fields, path = "/kiosk/pin", note = "") {
  step = { fields, path, own: path === "/kiosk/own" };
  const secret = fields !== null;
  input.type = secret ? "password" : "text";
  input.value = "";
  const asks = secret ? texts.pin : step.own ? texts.own : texts.who;
  say(get("pad-title"), asks);
  say(get("pad-label"), asks);
  get("pad-note").hidden = !note;
  say(get("pad-note"), note);
  get("pad-code").hidden = !fields?.doubt;
  complain("");
  show("pad");
  input.focus();
}

function complain(sentence) {
  wrong.hidden = !sentence;
  say(wrong, sentence);
  if (!sentence) return;
  tone("bad");
  if (input.type === "password") input.value = "";
  input.focus();
}

async function submit() {
  if (busy || !step) return;
  if (!input.value.trim()) { input.focus(); return; }
  if (step.own && step.fields === null) { // the server knows who is meant: also whoever has no session today
    const who = input.value.trim();
    openPad({ who }, step.path, `${texts.code} ${who}`);
    return;
  }
  busy = true;
  idle();
  const mine = step;
  const fields = mine.fields === null ? { text: input.value } : { ...mine.fields, pin: input.value };
  const result = await act(mine.fields === null ? "/kiosk/who" : mine.path, fields);
  busy = false;
  if (step !== mine) return;
  if (!result.ok) { complain(result.sentence); return; }
  const { answer } = result;
  if (answer.address) {
    input.value = "";
    say(get("pad-note"), texts.opening);
    get("pad-note").hidden = false;
    location.assign(answer.address);
  } else if (answer.step === "card") { away = null; waiting(state); }
  else if (answer.step === "pin") openPad({ who: answer.who }, "/kiosk/pin", `${texts.code} ${answer.who}`);
  else if (answer.outcome) come(answer.outcome);
  else if (mine.thanks) outcome({ good: true, ...mine.thanks, sentence: texts.thanks });
}

function outcome(came) {
  step = null;
  input.value = "";
  screens.outcome.classList.toggle("good", came.good);
  screens.outcome.classList.toggle("not-good", !came.good);
  say(get("outcome-name"), came.name);
  say(get("outcome-of"), [came.unit, came.year].filter(Boolean).join(", "));
  say(get("outcome-sentence"), came.sentence);
  show("outcome");
  tone(came.good ? "good" : "bad");
  sounds();
}

/** Something came of a try: shown once, and not when it is old. */
function come(came) {
  if (came.number <= seen) return;
  seen = came.number;
  if (came.kind === "enrolled" || came.age_ms > OUTCOME_MS) return;
  if (came.good) { outcome(came); return; }
  const onPad = screen === "pad" && step;
  if (came.kind === "doubt") {
    if (onPad || screen === "card") return;
    openPad(came.resembles ? { doubt: came.number } : null, "/kiosk/pin", came.sentence || texts.doubt);
    step.byCamera = true;
    tone("bad");
    return;
  }
  if (onPad) complain(came.sentence); else if (screen !== "card") outcome(came);
}

const ARROWS = {
  left: '<path d="M78 50H24M48 24 22 50l26 26"/>', right: '<path d="M22 50h54M52 24l26 26-26 26"/>',
  hold: '<path d="M38 26v48M62 26v48"/>', look: '<circle cx="50" cy="50" r="24"/><circle cx="50" cy="50" r="4"/>',
};
let until = null;

function sentence(toFace) {
  if (document.body.classList.contains("is-gone")) return texts.gone;
  if (!state.session) return texts.noSession;
  if (state.closed) return state.closed;
  if (state.enrolling) return texts.enrolling;
  return get("mirror").classList.contains("no-picture") ? texts.noPicture : toFace;
}

function guide(guidance) {
  const challenge = guidance?.stage === "challenge" && guidance.prompt;
  document.body.classList.toggle("challenge", Boolean(challenge));
  showFace(guidance?.box ?? null);
  const turn = get("turn");
  turn.hidden = !challenge;
  if (challenge && turn.dataset.prompt !== guidance.prompt) {
    turn.dataset.prompt = guidance.prompt;
    turn.innerHTML = `<svg viewBox="0 0 100 100">${ARROWS[guidance.prompt]}</svg>`;
  }
  const word = challenge && { left: texts.left, right: texts.right, hold: texts.hold, look: texts.straight }[guidance.prompt];
  say(get("sentence"), sentence(guidance?.sentence || word || texts.look));
  get("time").hidden = !challenge || guidance.left_ms === null;
  say(get("step"), challenge && guidance.steps ? `${texts.step} ${guidance.step}/${guidance.steps}` : "");
  if (!challenge || guidance.left_ms === null) { until = null; return; }
  const at = performance.now() + guidance.left_ms;
  const key = `${guidance.prompt} ${guidance.step}`;
  if (!until || until.key !== key || at > until.at + 500) until = { key, at, whole: Math.max(guidance.left_ms, 1) };
  else until.at = at;
}

function tick() {
  if (until) {
    const left = Math.max(0, until.at - performance.now());
    get("ring-left").style.strokeDashoffset = String(100 - 100 * Math.min(1, left / until.whole));
    say(get("seconds"), `${texts.leftBefore} ${Math.ceil(left / 1000)} ${texts.leftAfter}`);
  }
  requestAnimationFrame(tick);
}

function duty(name) {
  const line = get("duty-line");
  say(line, name ? `${texts.duty} ${name}` : texts.noDuty);
  line.classList.toggle("warn", !name);
}

function told(next) {
  const first = state === null;
  state = next;
  // What came before the page was there is of whoever stood here then, such as a learner who comes back from the own pages.
  if (first && next.outcome) seen = next.outcome.number;
  duty(next.duty);
  guide(next.guidance);
  if (next.outcome) come(next.outcome);
  if (next.card !== away) away = null;
  waiting(next);
  left(next.guidance?.stage === "empty");
}

/** Nobody stands before the camera (or somebody does): a pad that it opened, and in which nothing is typed, closes. */
function left(nobody) {
  const alone = nobody && screen === "pad" && step?.byCamera && !input.value;
  if (alone && !leaving) {
    leaving = setTimeout(() => { leaving = 0; if (screen === "pad" && step?.byCamera && !input.value) start(); }, LEFT_MS);
  } else if (!alone) {
    clearTimeout(leaving);
    leaving = 0;
  }
}

/** A card waits for whoever is on duty, or no longer does. */
function waiting(next) {
  if (next.card && next.card !== away && (screen === "face" || screen === "pad")) { step = null; show("card"); }
  else if (!next.card && screen === "card") start();
}

document.addEventListener("keydown", (event) => {
  wake().then(sounds);
  if (event.key === "Escape" && screen !== "face") {
    if (screen === "card") act("/card/away", {});
    start();
    return;
  }
  if (screen === "pad") { idle(); return; }
  if (event.target.id === "kiosk-card-pin") { idle(); return; } // whoever is on duty types the PIN
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[\p{L}\p{N}-]$/u.test(event.key)) return;
  event.preventDefault(); // a card reader types its number wherever the page stands
  if (screen === "card") { away = state.card; act("/card/away", {}); }
  openPad(null);
  input.value = event.key;
});
document.addEventListener("gone", () => { if (state) guide(null); });
document.addEventListener("pointerdown", (event) => {
  wake().then(sounds);
  if (screen === "pad" || screen === "card") idle();
  if (event.target.closest(".key")) event.preventDefault(); // the focus stays where one types
});
document.addEventListener("click", (event) => {
  const key = event.target.closest(".key");
  if (key) {
    if (key.dataset.key === "go") submit();
    else if (key.dataset.key === "back") input.value = input.value.slice(0, -1);
    else if (input.value.length < input.maxLength) input.value += key.dataset.key;
    return;
  }
  const asked = event.target.closest("[data-spot-check]");
  if (!asked) return;
  openPad({ learner: asked.dataset.spotCheck }, "/kiosk/spot-check", `${asked.dataset.name}, ${asked.dataset.of}`);
  step.thanks = { name: asked.dataset.name, unit: asked.dataset.of, year: "" };
});
get("pad-form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
get("use-pin").addEventListener("click", () => openPad(null));
get("own").addEventListener("click", () => openPad(null, "/kiosk/own"));
get("pad-back").addEventListener("click", start);
get("pad-code").addEventListener("click", () => openPad(null));
get("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen().catch(() => {});
});
const sounds = () => { get("sound").hidden = !silent(); };
get("sound").addEventListener("click", () => wake().then(() => { sounds(); tone("good"); }));

forms((form, result) => { if (result.ok && result.answer.outcome) come(result.answer.outcome); });
startMirror(() => screen === "face" && state?.purpose === "check_in", () => { if (state) guide(state.guidance); });
addEventListener("pagehide", start); // a browser may show the page again as it was left
show("face");
sounds();
live(told);
tick();
