// The page's link to the agent: parts and state as they change, forms, and saying when the page is no longer live.
const LIMIT_MS = 5000;
const RUN = document.querySelector('meta[name="run"]').content;
const TOKEN = document.querySelector('meta[name="token"]').content;
const vietnamese = document.documentElement.lang !== "en";
const title = document.title;

/** What the page was made with, by id: the first message brings it once more, perhaps after somebody began to type. */
const made = new Map([...document.querySelectorAll("#live [id]")].map((part) => [part.id, part.cloneNode(true)]));

/** Put a part's new HTML in its place; what was typed and where the focus was stays. */
function replace(old, html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.firstElementChild;
  const before = made.get(old.id);
  made.delete(old.id);
  if (before?.isEqualNode(fresh) || fresh.isEqualNode(old)) return;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  for (const input of fresh.querySelectorAll("input[id], select[id], details[id]")) {
    const was = document.getElementById(input.id);
    if (!was || !old.contains(was)) continue;
    if (input.tagName === "DETAILS") input.open = was.open;
    else if (input.type === "checkbox") input.checked = was.checked && was.value === input.value;
    else if (input.tagName === "SELECT") { if ([...input.options].some((one) => one.value === was.value)) input.value = was.value; }
    else input.value = was.value;
  }
  old.replaceWith(fresh);
  if (!active) return;
  const same = active.id && document.getElementById(active.id);
  if (same) { same.focus(); return; }
  fresh.setAttribute("tabindex", "-1");
  fresh.focus();
}

/** Listen to the page's events; `onState(state, now)` is called for each message; now: the agent's time, ms. */
export function live(onState = () => {}) {
  const address = document.getElementById("live").dataset.events;
  const gone = document.getElementById("gone");
  const last = new Map();
  let heard = Date.now();
  let clock = new Date().toLocaleTimeString("en-GB", { timeZone: "Asia/Ho_Chi_Minh" });
  let source;
  const check = () => {
    const lost = Date.now() - heard > LIMIT_MS;
    if (lost === !gone.hidden) return;
    if (lost) gone.textContent = `${gone.dataset.since} ${clock}. ${gone.dataset.then}`;
    gone.hidden = !lost;
    if (lost) document.getElementById("as-of").hidden = true;
    document.body.classList.toggle("is-gone", lost);
    document.title = lost ? `${gone.dataset.title} · ${title}` : title;
    document.dispatchEvent(new Event("gone"));
  };
  const listen = () => {
    source?.close();
    source = new EventSource(address);
    source.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.run !== RUN) { location.reload(); return; }
      heard = Date.now();
      clock = message.clock;
      for (const [id, html] of Object.entries(message.parts)) {
        if (last.get(id) === html) continue;
        last.set(id, html);
        const old = document.getElementById(id);
        if (old) replace(old, html);
      }
      document.getElementById("clock").textContent = clock;
      document.getElementById("as-of").hidden = false;
      check();
      onState(message.state, message.now);
    };
  };
  listen();
  setInterval(() => {
    check();
    if (source.readyState === EventSource.CLOSED) listen();
  }, 1000);
  addEventListener("pagehide", () => source.close());
}

/** Ask the agent to do something: {ok, answer} or {ok: false, sentence}. */
export async function act(path, fields) {
  try {
    const got = await fetch(path, { method: "POST", body: new URLSearchParams(fields), headers: { "X-Diemdanh-Token": TOKEN } });
    const answer = await got.json();
    return got.ok ? { ok: true, answer } : { ok: false, sentence: vietnamese ? answer.vi : answer.en };
  } catch {
    return { ok: false, sentence: document.getElementById("no-answer").textContent };
  }
}

/** Forms with data-act are sent by `act`; a refusal stands at the form, and only PINs have to be typed again. */
export function forms(onDone = () => {}) {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const wrong = form.querySelector(".wrong");
    const result = await act(form.dataset.act, new FormData(form));
    delete form.dataset.busy;
    const pins = form.querySelectorAll('input[type="password"]');
    for (const pin of pins) pin.value = "";
    if (wrong) {
      wrong.hidden = result.ok;
      wrong.textContent = result.ok ? "" : result.sentence;
    }
    if (!result.ok && pins.length) pins[0].focus();
    if (result.ok) form.reset();
    onDone(form, result);
  });
}
