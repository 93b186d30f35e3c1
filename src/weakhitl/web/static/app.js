// Keys, and ratings that are sent without loading a page; a rating that cannot be sent waits here, and is sent once.
"use strict";
(() => {
  const WAITING = "weakhitl-waiting";
  const TRY_AGAIN = [1000, 2000, 5000, 10000];
  const IDLE = 60000;
  const main = () => document.getElementById("main");
  const banner = document.getElementById("banner");
  let active = 0, since = Date.now(), moved = Date.now(), tries = 0, timer = null, sending = false;

  const who = () => (document.querySelector(".leave span") || {}).textContent;

  const say = (text, kind = "") => {
    banner.className = kind;
    banner.textContent = text;
  };

  // Time is counted while the page is looked at and something happens on it.
  const count = () => {
    const now = Date.now();
    if (document.visibilityState === "visible" && now - moved < IDLE) active += now - since;
    since = now;
  };
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(kind, () => { count(); moved = Date.now(); }, { passive: true });
  }
  document.addEventListener("visibilitychange", count);
  const beginItem = () => { active = 0; since = moved = Date.now(); };

  const swap = (html, text) => {
    const next = new DOMParser().parseFromString(html, "text/html").getElementById("main");
    if (!next) { location.reload(); return; }
    // What the reader has folded stays folded.
    for (const old of main().querySelectorAll("aside details[id]")) {
      const fresh = next.querySelector("#" + old.id);
      if (fresh) fresh.open = old.open;
    }
    main().replaceWith(next);
    beginItem();
    narrow();
    (next.querySelector("[autofocus]") || next).focus({ preventScroll: true });
    scrollTo(0, 0);
    if (text) say(text, "quiet");
  };

  // On a phone the guideline begins folded, or it would hide what is below.
  const narrow = () => {
    const guideline = document.getElementById("guideline");
    if (guideline && !narrow.done && matchMedia("(max-width: 52rem)").matches) guideline.open = false;
    narrow.done = true;
  };

  const lock = (locked) => main().querySelectorAll("button").forEach((one) => {
    if (locked && !one.disabled) { one.disabled = true; one.dataset.locked = ""; }
    if (!locked && "locked" in one.dataset) { one.disabled = false; delete one.dataset.locked; }
  });

  const read = () => { try { return JSON.parse(localStorage.getItem(WAITING)); } catch { return null; } };
  const keep = (task) => { try { localStorage.setItem(WAITING, JSON.stringify(task)); } catch { /* private window */ } };
  const forget = () => { try { localStorage.removeItem(WAITING); } catch { /* private window */ } };

  const later = (task) => {
    keep(task);
    lock(true);
    say("There is no connection. What you chose waits in this browser and is sent as soon as there is one.", "wrong");
    clearTimeout(timer);
    timer = setTimeout(() => send(task), TRY_AGAIN[Math.min(tries++, TRY_AGAIN.length - 1)]);
  };

  const send = async (task) => {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    let answer, text;
    try {
      answer = await fetch(task.url, {
        method: "POST", body: new URLSearchParams(task.body), headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(20000),
      });
      text = await answer.text();
    } catch {
      sending = false;
      later(task);
      return;
    }
    sending = false;
    if (answer.status === 429 || answer.status >= 500) { later(task); return; }
    tries = 0;
    if (answer.ok) {
      forget();
      lock(false);
      swap(text, task.said);
      return;
    }
    if (answer.status === 401) {
      say("You are not signed in any more. Open your link again: what you chose is kept in this browser.", "wrong");
      return;
    }
    forget();
    lock(false);
    let detail = text;
    try { detail = JSON.parse(text).detail; } catch { /* a page */ }
    say(`${detail}. Reload the page to go on.`, "wrong");
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!main().contains(form) || !["rate", "adjudicate"].includes(main().dataset.page)) return;
    event.preventDefault();
    count();
    const body = [...new FormData(form, event.submitter).entries()];
    if (["rating", "skipping", "rejecting"].includes(form.id)) body.push(["seconds", (active / 1000).toFixed(1)]);
    const named = event.submitter && event.submitter.name;
    const said = named ? `Saved: ${event.submitter.value || "skipped"}. Here is the next item.` : "Done.";
    lock(true);
    send({ url: form.getAttribute("action"), body, said, who: who() });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const folded = { s: "skip", f: "flag", c: "comment", "?": "help" }[event.key];
    if (folded) {
      const found = document.getElementById(folded);
      if (!found) return;
      event.preventDefault();
      found.open = folded === "help" ? !found.open : true;
      (found.querySelector("input:not([type=hidden])") || found.querySelector("summary")).focus();
      return;
    }
    if (event.key === "Enter" && event.target.closest("button, a, summary, audio, video")) return;
    for (const button of main().querySelectorAll("button[data-key]")) {
      if ([button.dataset.key, button.dataset.keyAlso].includes(event.key) && !button.disabled) {
        event.preventDefault();
        button.click();
        return;
      }
    }
  });

  addEventListener("online", () => { const task = read(); if (task) send(task); });

  // A sign of life, so that the item stays with who looks at it.
  const beat = async () => {
    const form = document.getElementById("rating");
    setTimeout(beat, Math.min(60000, form ? Number(form.dataset.beat) : 60000));
    if (!form || document.visibilityState !== "visible" || Date.now() - moved > 5 * IDLE) return;
    try {
      const answer = await fetch("/api/v1/heartbeat", {
        method: "POST", body: JSON.stringify({ item: form.dataset.item }),
        headers: { "Content-Type": "application/json", "X-CSRF-Token": form.elements.csrf.value },
      });
      if (answer.ok && !(await answer.json()).yours) {
        say("You were away for long, and somebody else may have this item now. Your answer is kept all the same.");
      }
    } catch { /* the next one may get through */ }
  };
  setTimeout(beat, 5000);

  // The owner's page looks again by itself, unless somebody is filling in its form.
  setInterval(async () => {
    if (main().dataset.page !== "project" || document.visibilityState !== "visible") return;
    if (main().contains(document.activeElement) && document.activeElement !== main()) return;
    if ([...main().querySelectorAll("form.invite input:not([type=hidden])")].some((one) => one.value)) return;
    try {
      const answer = await fetch("/project", { headers: { "X-Fragment": "1" } });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
      if (next) main().replaceWith(next);
    } catch { /* the next one may get through */ }
  }, 5000);

  narrow();
  const task = read();
  const csrf = document.querySelector("input[name=csrf]");
  if (task && task.who === who() && csrf) {
    // Perhaps they signed in again meanwhile: the form's secret is another one then.
    task.body = task.body.map(([name, value]) => [name, name === "csrf" ? csrf.value : value]);
    lock(true);
    send(task);
  }
})();
