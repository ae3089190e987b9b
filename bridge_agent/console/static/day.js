// What runs in the page of the day between two messages: countdowns, ages, and the room's picture with its own age. All
// by the agent's time, carried on from the last message; when messages stop, everything stops and says so.
const EVERY_MS = 1000;
const SELDOM_MS = 5000;
const STALE_MS = 5000; // and as much longer as this PC takes between two looks at the room
const texts = document.getElementById("live").dataset;
let told = null; // {now, at}: the agent's time, and when it was told on this page's clock
let camera = "off";
let stale = STALE_MS;

/** The agent's time now; null before it was told and while the page is not live. */
const agentNow = () => (told === null || document.body.classList.contains("is-gone") ? null : told.now + performance.now() - told.at);
const two = (number) => String(number).padStart(2, "0");
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

function left(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (!seconds) return texts.now;
  const days = Math.floor(seconds / 86400);
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days ? `${days} ${texts.days} ${clock}` : clock;
}

function age(ms) {
  const minutes = Math.floor(Math.max(0, ms) / 60000);
  if (!minutes) return texts.less;
  if (minutes < 60) return `${minutes} ${texts.minutes}`;
  return `${Math.floor(minutes / 60)} ${texts.hours} ${two(minutes % 60)} ${texts.minutes}`;
}

function tick() {
  const now = agentNow();
  if (now === null) return;
  for (const one of document.querySelectorAll("[data-until]")) say(one, left(Number(one.dataset.until) - now));
  for (const one of document.querySelectorAll("[data-since]")) {
    const text = age(now - Number(one.dataset.since));
    say(one, one.classList.contains("bracketed") ? `(${text})` : text);
  }
  caption();
}

const room = document.getElementById("room");
const canvas = document.getElementById("room-picture");
let taken = 0; // when the picture that is shown was taken, in the agent's time

function caption() {
  const line = document.getElementById("room-caption");
  if (!taken) { say(line, room.dataset.none); return; }
  const now = agentNow();
  const old = now === null || now - taken > stale || camera === "bad";
  room.classList.toggle("stale", old);
  const clock = new Date(taken).toLocaleTimeString("en-GB", { timeZone: "Asia/Ho_Chi_Minh" });
  say(line, old ? `${room.dataset.at} ${clock}, ${room.dataset.stale}` : `${room.dataset.live} ${clock}`);
}

async function look() {
  const got = await fetch("/room.jpg", { signal: AbortSignal.timeout(STALE_MS) });
  if (got.status !== 200) {
    if (got.status === 204) { taken = 0; room.classList.add("no-picture"); room.classList.remove("stale"); }
    return;
  }
  const at = Number(got.headers.get("X-Taken-At"));
  const picture = await createImageBitmap(await got.blob());
  if (canvas.width !== picture.width || canvas.height !== picture.height) [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  taken = at;
  room.classList.remove("no-picture");
}

let next = 0;

async function again() {
  clearTimeout(next);
  if (!document.hidden && agentNow() !== null) {
    try { await look(); } catch { /* the caption says how old the picture is */ }
    caption();
  }
  clearTimeout(next); // a message may have asked in between
  next = setTimeout(again, taken || camera !== "off" ? EVERY_MS : SELDOM_MS);
}

/** A message came: carry its time on. */
export function carryOn(state, now) {
  const first = told === null;
  told = { now, at: performance.now() };
  camera = state.camera;
  stale = STALE_MS + state.sweep_ms;
  tick();
  if (first) again();
}

document.addEventListener("gone", caption);
setInterval(tick, 1000);
