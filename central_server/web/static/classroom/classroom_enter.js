// Sends the ticket that stands in the address behind "#"; it is taken out of the address and of the history first.
const ticket = location.hash.slice(1);
if (ticket) {
  history.replaceState(null, "", location.pathname);
  const form = document.getElementById("enter");
  form.elements.ticket.value = ticket;
  form.hidden = false;
  document.getElementById("entering").hidden = false;
  document.getElementById("no-ticket").hidden = true;
  form.submit();
}
