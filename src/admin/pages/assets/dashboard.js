// The script of the dashboard. Every page works without it; with it a page follows the rollout.
//
// The server renders every page. When the event stream reports a change, the script fetches the page again and replaces its
// marked regions ([data-live]). It never touches a form that is being filled in.
"use strict";

(() => {
  const root = document.documentElement;
  const base = root.dataset.base ?? "";
  const connection = document.getElementById("connection");
  const announcer = document.getElementById("announcer");
  // The time of the server, advanced by the clock of the browser.
  let ahead = Date.parse(root.dataset.now) - Date.now();
  const now = () => Date.now() + ahead;

  // Times: local time beside UTC, and the distance from now.

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

  const showLocalTimes = (within) => {
    if (zoneName === "UTC") return;
    for (const time of within.querySelectorAll("time[datetime]:not([data-local])")) {
      time.dataset.local = "";
      const beside = document.createElement("span");
      beside.className = "local";
      beside.textContent = ` (${local.format(new Date(time.dateTime))} ${zoneName})`;
      time.after(beside);
    }
  };

  const showDistances = () => {
    for (const span of document.querySelectorAll(".ago[data-at]")) {
      const text = distance(Date.parse(span.dataset.at));
      if (span.textContent !== text) span.textContent = text;
    }
  };

  // Announcements to screen readers, one after the other.

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

  // Replacing regions.

  const same = (a, b) => a.tagName === b.tagName && a.getAttribute("href") === b.getAttribute("href") && a.textContent === b.textContent;

  /** What must survive a swap: open details, the focus and the scroll position of tables. */
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
    for (const each of copy.querySelectorAll("[data-local]")) each.removeAttribute("data-local");
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
      showLocalTimes(region);
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
    showDistances();
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
      const response = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
      if (response.redirected && new URL(response.url).pathname === `${base}/sign-in`) return signedOut(response.url);
      if (response.ok) swap(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      // The stream reports the lost connection.
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
    show("lost", "Session ended");
    const link = document.createElement("a");
    link.href = address;
    link.textContent = "Sign in again";
    const note = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = "Your session has ended. ";
    note.append(strong, "This page no longer updates, and forms will not be accepted. ", link);
    const banner = document.createElement("section");
    banner.className = "banner danger";
    banner.setAttribute("role", "alert");
    banner.append(note);
    document.getElementById("main").prepend(banner);
  };

  const clock = (time) => new Date(time).toISOString().slice(11, 19);

  const lost = () => {
    if (ended) return;
    lostAt ??= now();
    const since = `disconnected since ${clock(lostAt)} UTC`;
    if (now() - lostAt < 4000) show("waiting", "Reconnecting …");
    else {
      if (connection.dataset.state !== "lost") announce(`The connection is lost; this page no longer updates.`);
      show("lost", `D${since.slice(1)}`);
    }
  };

  /** The totals whose change refreshes the page at once: callers, phase, flag, head. */
  const keyFigures = (data) => JSON.stringify([data.head, data.phase, data.flag, data.journal_works, (data.kinds ?? []).map((kind) => [kind.kind, kind.dependent, kind.stranded, kind.regressed, kind.migrated])]);

  const onTotals = (event) => {
    const data = JSON.parse(event.data);
    const before = totals;
    totals = { key: keyFigures(data), responses: JSON.stringify(data.responses ?? null), at: before?.at ?? 0, kinds: data.kinds ?? [] };
    if (before === null) return;
    if (totals.key !== before.key) {
      announceCallers(before.kinds, totals.kinds);
      totals.at = Date.now();
      soon(0);
    } else if (totals.responses !== before.responses && Date.now() - totals.at > 10000) {
      totals.at = Date.now();
      soon(0);
    } else {
      totals.responses = before.responses;
    }
  };

  /** Announces changed numbers of callers. */
  const announceCallers = (before, after) => {
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
      // The browser retries by itself unless the response was no stream.
      if (stream.readyState !== EventSource.CLOSED || ended) return;
      refresh();
      retryTimer = setTimeout(connect, retry);
      retry = Math.min(retry * 2, 30000);
    });
  };

  showLocalTimes(document);
  showDistances();
  document.querySelector("[data-focus]")?.focus();
  if (connection) {
    show("waiting", "Connecting …");
    connect();
    setInterval(() => {
      showDistances();
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
