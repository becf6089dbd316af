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

// Times are written in UTC; the reader's own time zone is known only here.
const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const local = new Intl.DateTimeFormat("en-GB", parts);
for (const time of document.querySelectorAll("time")) {
  time.title = local.format(new Date(time.dateTime));
  time.querySelector(".read-aloud").textContent = ` (${time.title})`;
}
