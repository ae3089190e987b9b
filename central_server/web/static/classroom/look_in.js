// The live picture of one room, beside its learners: it comes when the room sends one, and comes back by itself.
import { listen } from "./feed.js";
import { PlayTokens, Playing } from "./playing.js";

const { session, room } = document.getElementById("looked-in").dataset;
const picture = document.getElementById("room-camera");
const none = document.getElementById("no-picture");
const of = `/api/sessions/${encodeURIComponent(session)}/rooms/${encodeURIComponent(room)}/tokens`;
const playing = new Playing(session, new PlayTokens(of), {
  onPicture: (element, shown) => { none.hidden = shown; },
});

listen(`/sessions/${encodeURIComponent(session)}/classroom/events`, {
  onFacts: (facts) => {
    const up = "camera" in (facts.rooms[room]?.up ?? {});
    playing.show(up ? [{ room, source: "camera", element: picture }] : [], facts.generation);
    if (none.hidden && up) return;
    none.hidden = false;
    none.textContent = up ? none.dataset.connecting : none.dataset.none;
  },
});
