// The page's link to the server: parts and facts as they change, and saying when the page is no longer live.
const LIMIT_MS = 5000;

/** Put a part's new HTML in its place; the focus stays where it was. */
function replace(old, html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const fresh = box.content.firstElementChild;
  if (fresh.isEqualNode(old)) return;
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!active) return;
  const same = active.id && document.getElementById(active.id);
  if (same) { same.focus(); return; }
  fresh.setAttribute("tabindex", "-1");
  fresh.focus();
}

/** Listen to a classroom; `onFacts` is called for each message, `onReload` when the page must be loaded anew. */
export function listen(address, { onFacts, onLost = () => {}, onReload = () => {} }) {
  let source, heard = Date.now(), lost = false;
  const check = () => {
    const now = Date.now() - heard > LIMIT_MS;
    if (now !== lost) onLost(lost = now);
  };
  const open = () => {
    source?.close();
    source = new EventSource(address);
    source.onmessage = (event) => {
      const { parts, state } = JSON.parse(event.data);
      heard = Date.now();
      for (const [id, html] of Object.entries(parts)) {
        const old = document.getElementById(id);
        if (old) replace(old, html);
      }
      check();
      onFacts(state);
    };
    source.addEventListener("reload", () => { source.close(); onReload(); });
  };
  open();
  setInterval(() => {
    check();
    if (lost && source.readyState === EventSource.CLOSED) open();
  }, 1000);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}

/** Ask the server to do something: {ok, answer} or {ok: false, sentence}; no sentence: it did not answer. */
export async function act(address, fields = {}, more = {}) {
  try {
    const got = await fetch(address, { method: "POST", body: new URLSearchParams(fields), ...more });
    const answer = await got.json();
    return got.ok ? { ok: true, answer } : { ok: false, status: got.status, sentence: answer[document.documentElement.lang] };
  } catch {
    return { ok: false, status: 0, sentence: "" };
  }
}
