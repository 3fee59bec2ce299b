/* Conveniences only: every page works without this file. */
"use strict";

const COPIES = "[data-copy], [data-copy-from]";

function showCopyButtons(place) {
  if (!navigator.clipboard) return; // only on https and localhost
  for (const button of place.querySelectorAll(COPIES)) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(COPIES);
  if (!button) return;
  const before = button.textContent;
  const source = document.getElementById(button.dataset.copyFrom ?? "");
  await navigator.clipboard.writeText(source ? source.value : button.dataset.copy);
  button.textContent = "Copied";
  announce(source ? "Copied" : `Copied: ${button.dataset.copy}`);
  setTimeout(() => { button.textContent = before; }, 1600);
});

showCopyButtons(document);

// Not scrollIntoView: some browsers begin the keyboard's round at what it showed, past the skip link.
for (const nav of document.querySelectorAll(".main-nav")) {
  const past = nav.querySelector("[aria-current]")?.getBoundingClientRect().right - nav.getBoundingClientRect().right;
  if (past > 0) nav.scrollLeft += past;
}

for (const form of document.querySelectorAll("form[data-autosubmit]")) {
  form.classList.add("automatic");
  for (const choice of form.querySelectorAll("select")) {
    choice.addEventListener("change", () => form.requestSubmit());
  }
}

/* Search as you type: the form's own GET, its results put into the page in place of the old ones. */
for (const form of document.querySelectorAll("form[data-live]")) {
  const results = document.getElementById(form.dataset.live);
  let waiting, running;
  const search = async () => {
    running?.abort();
    running = new AbortController();
    const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    try {
      const answer = await fetch(address, { signal: running.signal, headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return form.requestSubmit();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      results.replaceChildren(...page.getElementById(results.id).childNodes);
      showCopyButtons(results);
      history.replaceState(null, "", address);
    } catch (problem) {
      if (problem.name !== "AbortError") form.requestSubmit();
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 250);
  });
}

/* Work in progress: its part of the page is fetched again every so many seconds, for as long as it says so. */
function keepFresh(part) {
  const seconds = Number(part?.dataset.reload);
  if (!seconds) return;
  setTimeout(async () => {
    let fresh = part;
    try {
      const answer = document.hidden ? null : await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer?.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        fresh = page.getElementById(part.id) ?? part;
      }
    } catch {
      fresh = part; // the server is away for a moment
    }
    if (fresh !== part) part.replaceWith(document.adoptNode(fresh));
    if (fresh !== part && !fresh.dataset.reload) return location.reload(); // done: all of the page has changed
    keepFresh(fresh);
  }, seconds * 1000);
}

document.querySelectorAll("[data-reload]").forEach(keepFresh);

/* One submission per press: a slow answer does not make two links of one. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 5000);
});

function announce(text) {
  let place = document.getElementById("announcements");
  if (!place) {
    place = document.createElement("p");
    place.id = "announcements";
    place.className = "unseen";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  place.textContent = text;
}
