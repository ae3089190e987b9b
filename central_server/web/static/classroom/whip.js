// One stream to or from the relay: WHIP (RFC 9725) to publish, WHEP to play, without trickle ICE. A Stream is kept up
// until it is stopped: when the line breaks, the picture stands still or the relay was started anew, it connects again.
const CONNECT_MS = 6000;
const LOST_MS = 2500;
const STALL_MS = { camera: 4000, sound: 4000, screen: 15000 }; // a screen on which nothing moves sends little
const WAITS_MS = [200, 500, 1000, 2000, 3000];
const LINK = /<([^>]+)>((?:\s*;\s*[\w-]+="(?:[^"\\]|\\.)*")*)/g;
let ice = []; // as the newest answer said: its passwords outlive those that came with the token

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** The STUN and TURN servers in an answer's Link headers. */
export function iceServers(header) {
  const found = [];
  for (const [, url, rest] of (header ?? "").matchAll(LINK)) {
    const given = Object.fromEntries([...rest.matchAll(/;\s*([\w-]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value.replace(/\\(.)/g, "$1")]));
    if (given.rel === "ice-server") found.push({ urls: url, username: given.username, credential: given.credential });
  }
  return found;
}

/** Wait until all candidates are known, or as many as a moment finds. */
function gathered(pc) {
  if (pc.iceGatheringState === "complete") return Promise.resolve();
  const complete = new Promise((done) => pc.addEventListener("icegatheringstatechange", () => { if (pc.iceGatheringState === "complete") done(); }));
  return Promise.race([complete, sleep(2000)]);
}

export class Stream {
  /**
   * publishes: a track to send; without one, the stream is played and `onTrack` gets its track (null: it is gone).
   * token: gives {token, ice}, the bearer token and the servers to connect by; asked for before each connection (renew: the one before was refused).
   * onState: told "connecting", "up" or "down".
   */
  constructor({ session, room, source, token, publishes = null, onTrack = () => {}, onState = () => {} }) {
    const act = publishes ? "whip" : "whep";
    this.address = `/media/${act}/${encodeURIComponent(session)}/${encodeURIComponent(room)}/${source}`;
    Object.assign(this, { source, token, publishes, onTrack, onState, stopped: false, pc: null, resource: null });
    this.wake = () => {};
    this.leave = () => this.#drop();
    addEventListener("pagehide", this.leave);
    this.#run();
  }

  /** Connect anew now: what was connected is good for nothing any more. */
  restart() { this.end?.(); this.wake(); }

  stop() {
    if (this.stopped) return;
    this.stopped = true;
    removeEventListener("pagehide", this.leave);
    this.restart();
    this.#drop();
  }

  async #run() {
    let tries = 0, renew = false;
    while (!this.stopped) {
      this.onState("connecting");
      try {
        const { over } = await this.#connect(renew);
        tries = 0;
        renew = false;
        this.onState("up");
        await over;
      } catch (error) {
        renew = error.status === 401 || error.status === 403;
      }
      this.#drop();
      if (this.stopped) break;
      this.onTrack(null);
      this.onState("down");
      await Promise.race([sleep(WAITS_MS[Math.min(tries++, WAITS_MS.length - 1)]), new Promise((done) => { this.wake = done; })]);
    }
  }

  async #connect(renew) {
    const given = await this.token(renew);
    const authorization = { Authorization: `Bearer ${given.token}` };
    if (this.stopped) throw new Error("stopped");
    const pc = this.pc = new RTCPeerConnection({ iceServers: ice.length ? ice : given.ice, bundlePolicy: "max-bundle" });
    const over = new Promise((done) => { this.end = done; });
    const track = new Promise((done) => { pc.ontrack = (event) => done(event.track); });
    if (this.publishes) pc.addTransceiver(this.publishes, { direction: "sendonly" });
    else pc.addTransceiver(this.source === "sound" ? "audio" : "video", { direction: "recvonly" });
    await pc.setLocalDescription();
    await gathered(pc);
    const answer = await fetch(this.address, {
      method: "POST", headers: { ...authorization, "Content-Type": "application/sdp" }, body: pc.localDescription.sdp,
    });
    if (answer.status !== 201) throw Object.assign(new Error("refused"), { status: answer.status });
    this.resource = { address: answer.headers.get("Location"), authorization };
    ice = iceServers(answer.headers.get("Link"));
    if (this.stopped) throw new Error("stopped");
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    await this.#connected(pc, over);
    this.#watch(pc);
    if (!this.publishes) this.onTrack(await track);
    return { over }; // not the promise itself, which would be waited for
  }

  #connected(pc, over) {
    return new Promise((done, fail) => {
      const look = () => {
        if (pc.connectionState === "connected") done();
        if (pc.connectionState === "failed" || pc.connectionState === "closed") fail(new Error("no connection"));
      };
      pc.addEventListener("connectionstatechange", look);
      setTimeout(() => fail(new Error("no connection in time")), CONNECT_MS);
      over.then(() => fail(new Error("stopped")));
      look();
    });
  }

  /** End the connection when it is lost, or when nothing has come for a while. */
  #watch(pc) {
    let bytes = -1, moved = Date.now(), lost = 0;
    const watching = setInterval(async () => {
      if (pc !== this.pc) { clearInterval(watching); return; }
      const now = Date.now();
      lost = pc.connectionState === "connected" ? 0 : lost || now;
      let total = 0;
      for (const one of (await pc.getStats()).values()) if (one.type === "inbound-rtp") total += one.bytesReceived;
      if (total !== bytes) { bytes = total; moved = now; }
      const stalled = !this.publishes && now - moved > STALL_MS[this.source];
      if ((lost && now - lost > LOST_MS) || stalled || pc.connectionState === "failed") this.end();
    }, 1000);
  }

  /** Close the connection and let the relay know, also while the page is being left. */
  #drop() {
    this.pc?.close();
    this.pc = null;
    const { address, authorization } = this.resource ?? {};
    this.resource = null;
    if (address) fetch(address, { method: "DELETE", headers: authorization, keepalive: true }).catch(() => {});
  }
}
