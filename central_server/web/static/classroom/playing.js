// What a seat sees and hears: one Stream for each picture and sound that is up and wanted, in its element.
import { Stream } from "./whip.js";

const TOKEN_MS = 8 * 60000; // they are good for ten minutes

/** Tokens to play, by room, asked for again when they grow old, are refused, or lack a room. */
export class PlayTokens {
  constructor(address) { Object.assign(this, { address, tokens: {}, ice: [], at: 0, asking: null }); }

  async of(room, renew) {
    if (renew || !this.tokens[room] || Date.now() - this.at > TOKEN_MS) {
      this.asking ??= this.#ask().finally(() => { this.asking = null; });
      await this.asking;
    }
    if (!this.tokens[room]) throw new Error("no token");
    return { token: this.tokens[room], ice: this.ice };
  }

  async #ask() {
    const got = await fetch(this.address);
    if (!got.ok) throw Object.assign(new Error("refused"), { status: got.status });
    const answer = await got.json();
    this.tokens = answer.play;
    this.ice = answer.ice;
    this.at = Date.now();
  }
}

/** Plays what `show` is told, each stream in its own element. */
export class Playing {
  /** onBlocked: the browser plays no sound before somebody has pressed something. */
  constructor(session, tokens, { onBlocked = () => {}, onPicture = () => {} } = {}) {
    Object.assign(this, { session, tokens, onBlocked, onPicture, streams: new Map(), generation: null });
  }

  /** wanted: [{room, source, element}]; element: a video's, or null for a sound. */
  show(wanted, generation) {
    const keys = new Set(wanted.map((one) => this.#key(one)));
    for (const [key, one] of this.streams) if (!keys.has(key)) this.#end(key, one);
    for (const one of wanted) {
      const now = this.streams.get(this.#key(one));
      if (!now) this.#begin(one);
      else if (this.generation !== generation) now.stream.restart();
    }
    this.generation = generation;
  }

  /** Play what the browser has held back: somebody pressed the button. */
  unblock() {
    for (const { element } of this.streams.values()) if (element.tagName === "AUDIO" && element.srcObject) this.#play(element);
  }

  #key(one) { return `${one.room} ${one.source} ${one.element?.id ?? ""}`; }

  #begin({ room, source, element }) {
    const made = element ?? document.createElement("audio");
    if (!element) { made.dataset.room = room; document.body.append(made); }
    const onTrack = (track) => {
      made.srcObject = track ? new MediaStream([track]) : null;
      if (track) this.#play(made);
      if (element) this.onPicture(element, Boolean(track));
    };
    const stream = new Stream({ session: this.session, room, source, token: (renew) => this.tokens.of(room, renew), onTrack });
    this.streams.set(this.#key({ room, source, element }), { stream, element: made, own: !element });
  }

  #end(key, { stream, element, own }) {
    this.streams.delete(key);
    stream.stop();
    element.srcObject = null;
    if (own) element.remove();
    else this.onPicture(element, false);
  }

  #play(element) {
    element.play().catch((error) => { if (error.name === "NotAllowedError" && element.tagName === "AUDIO") this.onBlocked(); });
  }
}
