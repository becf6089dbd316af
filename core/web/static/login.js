// The pages of core/web/server/login_page.py work without it, except that a one-time code then has to be copied by hand.
"use strict";

// The code of a one-time link is behind the #, which browsers send to no server: no proxy's log has it. It goes on in a form.
const box = document.getElementById("code");
const code = /^#code=([\w-]+)$/.exec(location.hash);
if (box && code) {
  history.replaceState(null, "", location.pathname);
  box.value = code[1];
  box.form.submit();
}

// One switch a form shows its passwords. They are hidden again when it is sent, so that browsers offer to keep them.
for (const form of document.forms) {
  const secrets = form.querySelectorAll('input[type="password"]');
  if (secrets.length === 0) continue;
  const show = (on) => secrets.forEach((input) => (input.type = on ? "text" : "password"));
  const label = document.createElement("label");
  const tick = document.createElement("input");
  label.className = "show";
  tick.type = "checkbox";
  tick.addEventListener("change", () => show(tick.checked));
  form.addEventListener("submit", () => show(false));
  label.append(tick, "Show what I type");
  form.querySelector("button").before(label);
}

// A meter below a new password. The server estimates, because the list of common passwords is there; without an answer there is no meter.
for (const input of document.querySelectorAll('input[name="password"][autocomplete="new-password"]')) {
  const row = document.createElement("div");
  const meter = document.createElement("meter");
  const word = document.createElement("span");
  let waiting = 0;
  let asked = null;
  row.className = "strength";
  row.hidden = true;
  word.setAttribute("role", "status");
  Object.assign(meter, { min: 0, max: 4, low: 2, high: 3, optimum: 4 });
  meter.setAttribute("aria-label", "Strength of the password");
  row.append(meter, word);
  (document.getElementById(`${input.name}-note`) ?? input).after(row);

  const ask = async () => {
    asked = new AbortController();
    const { signal } = asked;
    const sent = new URLSearchParams(new FormData(input.form));
    for (const name of ["now", "again"]) sent.delete(name);
    try {
      const answer = await fetch("password-strength", { method: "POST", body: sent, signal });
      const found = answer.ok ? await answer.json() : null;
      row.hidden = !found;
      if (found) [meter.value, word.textContent] = [found.level, found.word];
    } catch {
      if (!signal.aborted) row.hidden = true;
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    asked?.abort();
    if (input.value) waiting = setTimeout(ask, 400);
    else row.hidden = true;
  });
}

// Times are written in UTC; the reader's own time zone is known only here.
const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const local = new Intl.DateTimeFormat("en-GB", parts);
for (const time of document.querySelectorAll("time")) {
  time.title = local.format(new Date(time.dateTime));
  time.querySelector(".read-aloud").textContent = ` (${time.title})`;
}
