// The one script of the dashboard. Without it every page works; with it a page follows what happens.
//
// The server draws every page. When the event stream says that something has changed, the script fetches the page again
// and puts its marked regions ([data-live]) in place of the old ones. It never touches what somebody is filling in.
"use strict";

(() => {
  const root = document.documentElement;
  const base = root.dataset.base ?? "";
  const connection = document.getElementById("connection");
  const announcer = document.getElementById("announcer");
  // The page's own sense of now: the clock of the server, carried on by that of the browser.
  let ahead = Date.parse(root.dataset.now) - Date.now();
  const now = () => Date.now() + ahead;

  // Times: the local one beside the universal one, and how long ago it is.

  const local = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", day: "numeric", month: "short" });
  const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
  const zoneName = zone.formatToParts(new Date()).find((part) => part.type === "timeZoneName")?.value ?? "local";

  const distance = (then) => {
    const seconds = Math.round(Math.abs(now() - then) / 1000);
    const [days, hours, minutes] = [86400, 3600, 60].map((unit) => Math.floor(seconds / unit));
    const text = days > 0 ? [days, "d", hours % 24, "h"] : hours > 0 ? [hours, "h", minutes % 60, "min"] : minutes > 0 ? [minutes, "min", 0, ""] : [seconds, "s", 0, ""];
    const words = text[2] === 0 ? `${text[0]} ${text[1]}` : text.join(" ");
    return seconds < 1 ? "just now" : then > now() ? `in ${words}` : `${words} ago`;
  };

  const tellLocally = (within) => {
    if (zoneName === "UTC") return;
    for (const time of within.querySelectorAll("time[datetime]:not([data-told])")) {
      time.dataset.told = "";
      const beside = document.createElement("span");
      beside.className = "local";
      beside.textContent = ` (${local.format(new Date(time.dateTime))} ${zoneName})`;
      time.after(beside);
    }
  };

  const tellDistances = () => {
    for (const span of document.querySelectorAll(".ago[data-at]")) {
      const text = distance(Date.parse(span.dataset.at));
      if (span.textContent !== text) span.textContent = text;
    }
  };

  // Announcements, one after the other.

  const waiting = [];
  let speaking = false;
  const announce = (text) => {
    if (text && waiting.at(-1) !== text) waiting.push(text);
    if (speaking) return;
    const next = () => {
      const text = waiting.shift();
      speaking = text !== undefined;
      if (!speaking) return;
      announcer.textContent = text;
      setTimeout(next, 2500);
    };
    next();
  };

  // Putting fresh regions in place.

  const same = (a, b) => a.tagName === b.tagName && a.getAttribute("href") === b.getAttribute("href") && a.textContent === b.textContent;

  /** What must survive a swap: open details, the focus and how far a table was scrolled. */
  const memory = (region) => {
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const focusable = [...region.querySelectorAll("a, button, summary, [tabindex]")];
    return {
      details: new Map([...region.querySelectorAll("details[data-key]")].map((each) => [each.dataset.key, each.open])),
      focused,
      place: focusable.indexOf(focused),
      scrolled: [...region.querySelectorAll(".scroll")].map((each) => each.scrollLeft),
    };
  };

  const restore = (region, kept) => {
    for (const each of region.querySelectorAll("details[data-key]")) {
      if (kept.details.has(each.dataset.key)) each.open = kept.details.get(each.dataset.key);
    }
    region.querySelectorAll(".scroll").forEach((each, place) => {
      each.scrollLeft = kept.scrolled[place] ?? 0;
    });
    if (!kept.focused) return;
    const focusable = [...region.querySelectorAll("a, button, summary, [tabindex]")];
    const again = focusable.find((each) => same(each, kept.focused)) ?? focusable[kept.place];
    again?.focus({ preventScroll: true });
  };

  const isBeingFilledIn = (region) => [...region.querySelectorAll("input, textarea, select")].some((field) => field.type !== "hidden");

  const plain = (region) => {
    const copy = region.cloneNode(true);
    for (const each of copy.querySelectorAll(".local")) each.remove();
    for (const each of copy.querySelectorAll(".ago")) each.textContent = "";
    for (const each of copy.querySelectorAll("[data-told]")) each.removeAttribute("data-told");
    for (const each of copy.querySelectorAll("details")) each.open = false;
    for (const each of copy.querySelectorAll(".fresh")) each.classList.remove("fresh");
    return copy.innerHTML;
  };

  const swap = (fresh) => {
    for (const region of document.querySelectorAll("[data-live][id]")) {
      const other = fresh.getElementById(region.id);
      if (!other || isBeingFilledIn(region) || plain(region) === plain(other)) continue;
      const kept = memory(region);
      region.replaceChildren(...other.childNodes);
      restore(region, kept);
      tellLocally(region);
    }
    const [before, after] = [document.getElementById("latest"), fresh.getElementById("latest")];
    if (after && before && Number(after.dataset.seq) > Number(before.dataset.seq)) {
      announce(after.textContent);
      document.getElementById(`event-${after.dataset.seq}`)?.classList.add("fresh");
      before.replaceWith(after);
    }
    const head = fresh.documentElement.dataset.head;
    if (head !== undefined && head !== root.dataset.head) {
      for (const note of document.querySelectorAll("[data-stale]")) note.hidden = false;
    }
    const time = Date.parse(fresh.documentElement.dataset.now);
    if (!Number.isNaN(time)) ahead = time - Date.now();
    tellDistances();
  };

  let fetching = false;
  let again = false;
  const refresh = async () => {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const address = new URL(location.href);
      address.hash = "";
      const answer = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname === `${base}/sign-in`) return signedOut(answer.url);
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The stream says that the connection is lost.
    } finally {
      fetching = false;
    }
    if (again) {
      again = false;
      soon();
    }
  };

  let timer;
  const soon = (wait = 250) => {
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  };

  // The connection.

  const show = (state, words) => {
    if (connection.dataset.state === state && connection.lastElementChild.textContent === words) return;
    connection.hidden = false;
    connection.dataset.state = state;
    connection.className = `connection ${state}`;
    connection.lastElementChild.textContent = words;
  };

  let stream;
  let ended = false;
  let lostAt = null;
  let retry = 2000;
  let retryTimer;
  let totals = null;

  const signedOut = (address) => {
    ended = true;
    stream?.close();
    show("lost", "Session over");
    const link = document.createElement("a");
    link.href = address;
    link.textContent = "Sign in again";
    const note = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = "Your session is over. ";
    note.append(strong, "What you see is no longer followed, and what you send will not be taken. ", link);
    const alarm = document.createElement("section");
    alarm.className = "alarm danger";
    alarm.setAttribute("role", "alert");
    alarm.append(note);
    document.getElementById("main").prepend(alarm);
  };

  const clock = (time) => new Date(time).toISOString().slice(11, 19);

  const lost = () => {
    if (ended) return;
    lostAt ??= now();
    const since = `disconnected since ${clock(lostAt)} UTC`;
    if (now() - lostAt < 4000) show("waiting", "Reconnecting …");
    else {
      if (connection.dataset.state !== "lost") announce(`The connection is lost; this page no longer follows what happens.`);
      show("lost", `D${since.slice(1)}`);
    }
  };

  /** What is worth a look at the page: who depends, who is stranded, where the rollout stands. */
  const weighed = (data) => JSON.stringify([data.head, data.phase, data.flag, data.journal_works, (data.kinds ?? []).map((kind) => [kind.kind, kind.dependent, kind.stranded, kind.regressed, kind.migrated])]);

  const onTotals = (event) => {
    const data = JSON.parse(event.data);
    const before = totals;
    totals = { weight: weighed(data), answers: JSON.stringify(data.responses ?? null), at: before?.at ?? 0, kinds: data.kinds ?? [] };
    if (before === null) return;
    if (totals.weight !== before.weight) {
      tell(before.kinds, totals.kinds);
      totals.at = Date.now();
      soon(0);
    } else if (totals.responses !== before.responses && Date.now() - totals.at > 10000) {
      totals.at = Date.now();
      soon(0);
    } else {
      totals.responses = before.responses;
    }
  };

  /** Says what has changed of the callers. */
  const tell = (before, after) => {
    for (const kind of after) {
      const was = before.find((other) => other.kind === kind.kind) ?? { dependent: 0, stranded: 0 };
      if (kind.stranded > was.stranded) announce(`Stranded callers of ${kind.kind}: ${kind.stranded}`);
      else if (kind.dependent !== was.dependent) announce(`Dependent callers of ${kind.kind}: ${kind.dependent}`);
    }
  };

  const connect = () => {
    clearTimeout(retryTimer);
    const from = document.documentElement.dataset.head;
    stream = new EventSource(`${base}/api/events?after=${encodeURIComponent(from ?? "0")}`);
    stream.addEventListener("open", () => {
      retry = 2000;
      if (lostAt !== null) soon(0);
      lostAt = null;
      show("live", "Live");
    });
    stream.addEventListener("journal", () => soon());
    stream.addEventListener("totals", onTotals);
    stream.addEventListener("error", () => {
      lost();
      // The browser tries again by itself unless the answer was no stream at all.
      if (stream.readyState !== EventSource.CLOSED || ended) return;
      refresh();
      retryTimer = setTimeout(connect, retry);
      retry = Math.min(retry * 2, 30000);
    });
  };

  tellLocally(document);
  tellDistances();
  document.querySelector("[data-focus]")?.focus();
  if (connection) {
    show("waiting", "Connecting …");
    connect();
    setInterval(() => {
      tellDistances();
      if (lostAt !== null) lost();
    }, 1000);
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted && !ended) {
        connect();
        soon(0);
      }
    });
  }
})();
