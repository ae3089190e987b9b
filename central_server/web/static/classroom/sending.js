// What goes out of this page: the room's sound while its microphone is on, and the lecturer's screen.
import { act } from "./feed.js";
import { Stream } from "./whip.js";

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** One source of this room. `state`: off, starting, on. */
class Sending {
  constructor(source, { session, onState, onFailed }) {
    Object.assign(this, { source, session, onState, onFailed, state: "off", track: null, stream: null, device: false, remote: false });
  }

  async toggle() { await (this.state === "off" ? this.begin() : this.end()); }

  async begin() {
    if (this.state !== "off") return;
    this.become("starting");
    try {
      if (this.device) { // the room's PC sends the sound already: the server passes it on from now
        this.remote = true;
        await this.allowed();
        if (this.remote) this.become("on");
        return;
      }
      const track = await this.capture();
      if (this.state !== "starting") { track.stop(); return; } // turned off meanwhile
      this.track = track;
      track.addEventListener("ended", () => { if (this.track === track) this.end(this.source === "sound" ? "missing" : ""); });
      const first = await this.allowed();
      if (this.track !== track) return;
      let given = first;
      this.stream = new Stream({
        session: this.session, room: first.room, source: this.source, publishes: track,
        token: async () => { const one = given ?? await this.allowed(); given = null; return one; },
        onState: (state) => { if (state === "up") this.become("on"); else if (this.state === "on") this.become("starting"); },
      });
    } catch (error) {
      this.end(error.why ?? (error.name === "NotAllowedError" ? "denied" : error.name === "NotReadableError" ? "busy" : "missing"), error.sentence);
    }
  }

  /** why: the reason to be told, if it was not wanted. */
  end(why = "", sentence = "") {
    const was = this.state;
    this.stream?.stop();
    this.track?.stop();
    this.stream = this.track = null;
    this.remote = false;
    this.become("off");
    if (was !== "off") this.released();
    if (why) this.onFailed(why, sentence);
  }

  /** The relay was started anew: what was connected to the one before is good for nothing. */
  again() { if (this.state === "on") this.stream?.restart(); }

  become(state) { if (state !== this.state) { this.state = state; this.onState(state); } }

  /** Asks the server; {room, token, ice}. */
  async ask(address, fields) {
    const { ok, answer, sentence, status } = await act(address, fields);
    if (ok) return answer;
    if (!status && this.stream) throw new Error("the server is away"); // the stream tries again
    throw Object.assign(new Error("refused"), { why: "refused", sentence });
  }
}

export class Microphone extends Sending {
  constructor({ address, page, ...more }) { super("sound", more); Object.assign(this, { address, page, ours: false }); }

  async capture() {
    if (!navigator.mediaDevices) throw Object.assign(new Error("no https"), { why: "insecure" });
    return (await navigator.mediaDevices.getUserMedia({ audio: SOUND })).getAudioTracks()[0];
  }

  allowed() { return this.ask(this.address, { page: this.page, on: "yes" }); }

  released() { this.ours = false; act(this.address, { page: this.page }, { keepalive: true }); }

  /** microphones: by room, the page whose microphone is the room's. Another page's turns this one off. */
  told(room, microphones, heard, device) {
    this.device = device; // the room's microphone is its agent's, which this page turns on and off
    if (this.state === "off") return;
    if (this.remote && this.ours) this.become(device ? "on" : "starting"); // its line may come and go
    if (!heard) this.end();
    else if (microphones[room] === this.page) this.ours = true; // before that, the facts are older than our asking
    else if (this.ours && microphones[room]) this.end("elsewhere");
    else if (this.ours) this.allowed().catch(() => {}); // the server was started anew
  }
}

export class Screen extends Sending {
  constructor({ address, ...more }) { super("screen", more); this.address = address; }

  async capture() {
    if (!navigator.mediaDevices?.getDisplayMedia) throw Object.assign(new Error("no https"), { why: "insecure" });
    try {
      const [track] = (await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false })).getVideoTracks();
      track.contentHint = "detail";
      return track;
    } catch (error) {
      throw Object.assign(error, { why: "noScreen" });
    }
  }

  allowed() { return this.ask(this.address, { shown: "yes" }); }

  released() { act(this.address, {}, { keepalive: true }); }
}
