// The classroom page: what is seen and heard follows the server's facts; people raise hands, speak, ask and lead.
import { act, listen } from "./feed.js";
import { PlayTokens, Playing } from "./playing.js";
import { Microphone, Screen } from "./sending.js";

const root = document.getElementById("classroom");
const { session, room, teaches, mark } = root.dataset;
const words = document.getElementById("words").dataset;
const by = (id) => document.getElementById(id);
const page = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const here = `/sessions/${encodeURIComponent(session)}/classroom`;
const query = room ? `?room=${encodeURIComponent(room)}` : "";
const to = (what) => `/api${here}/${what}${query}`;
let facts = JSON.parse(root.dataset.facts);

/** Say what went wrong, until the next thing goes well. */
function tell(sentence) {
  by("trouble").textContent = sentence;
  by("trouble").hidden = !sentence;
}

async function ask(what, fields) {
  const got = await act(to(what), fields);
  tell(got.ok ? "" : got.sentence || words.noAnswer);
  return got;
}

// Seen and heard

const playing = new Playing(session, new PlayTokens(to("tokens")), {
  onBlocked: () => { by("no-sound").hidden = false; },
  onPicture: (element, shown) => { element.classList.toggle("shown", shown); arrange(); },
});
by("sound-on").addEventListener("click", () => { by("no-sound").hidden = true; playing.unblock(); });

function arrange() {
  const screen = by("main-screen").classList.contains("shown");
  const camera = by("main-camera").classList.contains("shown");
  by("main-screen").hidden = !screen;
  by("main-camera").hidden = !camera;
  by("stage").classList.toggle("with-screen", screen);
  by("stage-empty").hidden = screen || camera;
  by("floor-camera").hidden = !by("floor-camera").classList.contains("shown");
}

function wanted() {
  const found = [];
  const add = (one, source, element) => {
    if (facts.open && source in (facts.rooms[one]?.up ?? {})) found.push({ room: one, source, element });
  };
  for (const one of facts.heard) if (one !== room) add(one, "sound", null);
  if (facts.main) add(facts.main, "camera", by("main-camera"));
  if (facts.main && facts.screen) add(facts.main, "screen", by("main-screen"));
  if (facts.floor) add(facts.floor, "camera", by("floor-camera"));
  return found;
}

// What goes out

const sound = by("mic-state");
function micState(state) {
  sound.textContent = sound.dataset[state];
  sound.classList.toggle("on", state === "on");
  by("mic").querySelector(".words").textContent = state === "off" ? by("mic").dataset.off : by("mic").dataset.on;
  by("mic").setAttribute("aria-pressed", String(state !== "off"));
}
function failed(why, sentence) {
  if (why === "elsewhere") { sound.textContent = sound.dataset.elsewhere; return; }
  tell(why === "insecure" ? by("mic-why").dataset.insecure : sentence || words[why] || words.noAnswer);
}
const microphone = room ? new Microphone({ session, page, address: to("microphone"), onState: micState, onFailed: failed }) : null;
const screen = teaches ? new Screen({ session, address: to("screen"), onState: screenState, onFailed: failed }) : null;
function screenState(state) {
  by("screen").textContent = state === "off" ? by("screen").dataset.off : by("screen").dataset.on;
  by("screen").setAttribute("aria-pressed", String(state !== "off"));
}

/** Turn the microphone on or off, and off again wherever it may not be on. */
function toggleMicrophone() { if (!by("mic").disabled) { tell(""); microphone.toggle(); } }
function toggleHand() { ask("hand", facts.hands.includes(room) ? {} : { raised: "yes" }); }

if (microphone) by("mic").addEventListener("click", toggleMicrophone);
by("hand")?.addEventListener("click", toggleHand);
by("give-back")?.addEventListener("click", () => ask("give-back"));
by("screen")?.addEventListener("click", () => { tell(""); screen.toggle(); });
by("ask")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { ok } = await ask("questions", { text: by("question").value });
  if (ok) by("question").value = "";
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) ask(button.dataset.act, "withRoom" in button.dataset ? { room: button.dataset.withRoom } : {});
});
addEventListener("pagehide", () => { microphone?.end(); screen?.end(); });

// Keys: the space bar raises the hand, M is the microphone; not while something is typed, and whoever does not want
// keys without Ctrl (a screen reader, voice control) turns them off.
const keys = by("keys");
if (keys) {
  keys.checked = localStorage.getItem("class-keys") !== "off";
  keys.addEventListener("change", () => localStorage.setItem("class-keys", keys.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (!keys.checked || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.key === " " && by("hand") && !event.target.closest("button, a, input, summary")) {
      event.preventDefault();
      if (!by("hand").disabled) toggleHand();
    } else if (event.key.toLowerCase() === "m") {
      toggleMicrophone();
    }
  });
}

// As the facts change

function controls() {
  if (!room) return;
  const heard = facts.heard.includes(room);
  const why = by("mic-why").dataset;
  by("mic").disabled = !heard;
  const device = facts.deviceMicrophones.includes(room);
  microphone.told(room, facts.microphones, heard, device);
  if (sound.textContent === sound.dataset.elsewhere && !facts.microphones[room]) sound.textContent = sound.dataset.off;
  const secure = device || Boolean(navigator.mediaDevices);
  by("mic-why").textContent = !facts.open ? why.closed : !secure ? why.insecure
    : device ? (heard ? why.device : why.wait) : room === facts.main ? why.main : !heard ? why.wait : microphone.state === "off" ? why.yours : "";
  root.classList.toggle("my-turn", facts.floor === room);
  const hand = by("hand");
  if (hand) {
    const up = facts.hands.includes(room);
    hand.hidden = facts.floor === room;
    hand.disabled = !facts.open;
    hand.setAttribute("aria-pressed", String(up));
    hand.querySelector(".words").textContent = up ? hand.dataset.up : hand.dataset.down;
    by("give-back").hidden = facts.floor !== room;
  }
  if (by("screen")) by("screen").disabled = !facts.open || !facts.main;
}

function stills() {
  for (const tile of root.querySelectorAll("li.room")) {
    const at = facts.pictures[tile.dataset.room];
    const still = tile.querySelector(".still");
    if (at && still.dataset.at !== String(at)) {
      still.dataset.at = at;
      still.src = `/sessions/${encodeURIComponent(session)}/rooms/${encodeURIComponent(tile.dataset.room)}/picture?at=${at}`;
    }
    still.hidden = !at;
    tile.querySelector(".no-still").hidden = Boolean(at);
  }
}

function follow(now) {
  if (now.generation !== facts.generation) { microphone?.again(); screen?.again(); }
  facts = now;
  by("clock").textContent = facts.clock;
  if (facts.plan !== mark) by("changed").hidden = false;
  playing.show(wanted(), facts.generation);
  controls();
  stills();
}

follow(facts);
listen(`${here}/events?page=${page}${room ? `&room=${encodeURIComponent(room)}` : ""}`, {
  onFacts: follow,
  onReload: () => { // this seat is lost, and the server ends its streams
    by("changed").hidden = false;
    playing.show([], facts.generation);
    microphone?.end();
    screen?.end();
  },
  onLost: (lost) => {
    if (lost) by("stale").textContent = `${by("stale").dataset.text} ${facts.clock}. ${by("stale").dataset.then}`;
    by("stale").hidden = !lost;
    document.body.classList.toggle("is-stale", lost);
  },
});
