// The script of the dashboard. Every page works without it; with it a page follows the rollout.
//
// The server renders every page. When the event stream reports a change, the script fetches the page again and replaces its
// marked regions ([data-live]). It never touches a form that is being filled in.
//
// Only a visible page holds a stream, because a browser has six connections to a server over HTTP/1.1. A stream is closed before
// its page is left. A page without a stream asks now and then.
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

  // Announcements to screen readers: the latest of each subject, stranded callers first, so that none is out of date.

  const SUBJECTS = ["connection", "stranded", "event", "dependent"];
  const waiting = new Map();
  let speaking = false;
  const speak = () => {
    const texts = [...waiting].sort(([a], [b]) => SUBJECTS.indexOf(a) - SUBJECTS.indexOf(b)).map(([, text]) => text);
    waiting.clear();
    speaking = texts.length > 0;
    if (!speaking) return;
    announcer.textContent = texts.join(". ");
    setTimeout(speak, 2500);
  };
  const announce = (subject, text) => {
    waiting.set(subject, text);
    if (!speaking) speak();
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
      makeReadable(region);
      restore(region, kept);
      showLocalTimes(region);
    }
    const [before, after] = [document.getElementById("latest"), fresh.getElementById("latest")];
    if (after && before && Number(after.dataset.seq) > Number(before.dataset.seq)) {
      announce("event", after.textContent);
      document.getElementById(`event-${after.dataset.seq}`)?.classList.add("fresh");
      before.replaceWith(after);
    }
    const { head, decision, evaluated } = fresh.documentElement.dataset;
    if (decision !== undefined && decision !== root.dataset.decision) {
      for (const note of document.querySelectorAll("[data-stale]")) note.hidden = false;
    }
    if (head !== undefined) root.dataset.head = head;
    if (evaluated !== undefined) root.dataset.evaluated = evaluated;
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
      if (response.ok) {
        swap(new DOMParser().parseFromString(await response.text(), "text/html"));
        current();
      }
    } catch {
      // Shown by the age of the figures.
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

  const TOTALS_EVERY = 2000;
  const POLL_EVERY = 10000;
  const MISSED = 3;

  let stream = null;
  let polling = null;
  let ended = false;
  let retry = 2000;
  let retryTimer;
  let totals = null;
  // When the figures were last known to be true: by the clock of the server, and by one that never jumps.
  let asOf = now();
  let heard = performance.now();

  const clock = (time) => new Date(time).toISOString().slice(11, 19);

  /** The figures are those of this moment. */
  const current = () => {
    asOf = now();
    heard = performance.now();
    if (ended) return;
    root.classList.remove("stale");
    if (polling !== null) show("live", `Every ${POLL_EVERY / 1000} s`);
    else if (stream?.readyState === EventSource.OPEN) show("live", "Live");
  };

  /** Shows since when the figures stand, once three totals were missed. */
  const checkAge = () => {
    if (ended || document.hidden) return;
    const every = polling === null ? TOTALS_EVERY : POLL_EVERY;
    if (performance.now() - heard < MISSED * every + 500) return;
    if (!root.classList.contains("stale")) announce("connection", "The figures on this page are no longer updated");
    root.classList.add("stale");
    show("lost", `Figures of ${clock(asOf)} UTC`);
  };

  const signedOut = (address) => {
    ended = true;
    disconnect();
    root.classList.add("stale");
    show("lost", "Session ended");
    const link = document.createElement("a");
    link.href = address;
    link.textContent = "Sign in again";
    const note = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = "Your session has ended. ";
    note.append(strong, "This page no longer updates. A form that you send is kept while you sign in. ", link);
    const banner = document.createElement("section");
    banner.className = "banner danger";
    banner.setAttribute("role", "alert");
    banner.append(note);
    document.getElementById("main").prepend(banner);
  };

  /** The totals whose change refreshes the page at once: callers, phase, flag, head. */
  const keyFigures = (data) => JSON.stringify([data.head, data.phase, data.flag, data.journal_works, data.stranded?.callers, (data.kinds ?? []).map((kind) => [kind.kind, kind.dependent, kind.regressed, kind.migrated])]);

  const onTotals = (event) => {
    const data = JSON.parse(event.data);
    ahead = Date.parse(data.at) - Date.now();
    current();
    const before = totals;
    totals = { key: keyFigures(data), at: before?.at ?? 0, kinds: data.kinds ?? [], stranded: data.stranded?.kinds ?? [] };
    // Gates and tables are of an evaluation: the page follows it at once where callers or decisions changed, and else calmly.
    const isOld = data.evaluated !== root.dataset.evaluated;
    const changed = before !== null && totals.key !== before.key;
    if (changed) announceCallers(before, totals);
    if (changed || (isOld && Date.now() - totals.at > 10000)) {
      totals.at = Date.now();
      soon(0);
    }
  };

  /** Announces changed numbers of callers, in one text for all kinds. */
  const announceCallers = (before, after) => {
    const changed = (part, figure) => {
      const was = (kind) => before[part].find((other) => other.kind === kind.kind)?.[figure] ?? 0;
      return after[part].filter((kind) => kind[figure] !== was(kind)).map((kind) => `${kind[figure]} of ${kind.kind}`).join(", ");
    };
    const [stranded, dependent] = [changed("stranded", "stranded"), changed("kinds", "dependent")];
    if (stranded) announce("stranded", `Stranded callers: ${stranded}`);
    if (dependent) announce("dependent", `Dependent callers: ${dependent}`);
  };

  const disconnect = () => {
    clearTimeout(retryTimer);
    clearInterval(polling);
    stream?.close();
    stream = polling = null;
  };

  /** Without a stream: asks for the page now and then. */
  const poll = () => {
    disconnect();
    polling = setInterval(refresh, POLL_EVERY);
    refresh();
  };

  const connect = () => {
    disconnect();
    if (ended || document.hidden) return;
    const from = root.dataset.head;
    stream = new EventSource(`${base}/api/events?after=${encodeURIComponent(from ?? "0")}`);
    stream.addEventListener("open", () => {
      retry = 2000;
    });
    stream.addEventListener("journal", () => soon());
    stream.addEventListener("totals", onTotals);
    // The session has more streams than it may have, and this is the oldest.
    stream.addEventListener("poll", poll);
    stream.addEventListener("error", () => {
      if (ended || stream === null) return;
      // The browser retries by itself unless the response was no stream: then the page polls until it gets one.
      if (stream.readyState !== EventSource.CLOSED) {
        if (!root.classList.contains("stale")) show("waiting", "Reconnecting …");
        return;
      }
      poll();
      retryTimer = setTimeout(connect, retry);
      retry = Math.min(retry * 2, 30000);
    });
  };

  /** Closes the stream before the page is left, so that its connection is free for the next request. */
  const leave = () => {
    disconnect();
    // If the page is still there, it was not left.
    retryTimer = setTimeout(connect, 5000);
  };

  // Values of a chart under the pointer, or by the arrow keys.

  const minute = (time) => new Date(time).toISOString().slice(5, 16).replace("T", " ");

  const readOut = (plot, column) => {
    const data = JSON.parse(plot.dataset.columns);
    const count = Math.max(...data.lines.map(([, values]) => values.length));
    const place = Math.max(0, Math.min(count - 1, column));
    const begin = data.start + place * data.width;
    const values = data.lines.map(([name, values]) => `${name} ${values[place] ?? "not watched"}`);
    const text = `${minute(begin)} to ${minute(begin + data.width)} UTC: ${values.join(", ")}`;
    const readout = plot.parentElement.querySelector(".readout");
    readout.textContent = text;
    plot.dataset.place = place;
    plot.setAttribute("aria-valuemin", 0);
    plot.setAttribute("aria-valuemax", count - 1);
    plot.setAttribute("aria-valuenow", place);
    plot.setAttribute("aria-valuetext", text);
    const area = plot.querySelector(".area");
    const line = area.querySelector(".cursor") ?? area.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "line"));
    const x = `${(100 * Math.max(0, Math.min(1, (begin + data.width / 2 - data.from) / (data.end - data.from)))).toFixed(2)}%`;
    for (const [name, value] of Object.entries({ class: "cursor", x1: x, x2: x, y1: 12, y2: area.height.baseVal.value - 24 })) line.setAttribute(name, value);
  };

  const stepOf = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };

  const makeReadable = (within) => {
    for (const plot of within.querySelectorAll(".plot[data-columns]")) {
      plot.tabIndex = 0;
      plot.setAttribute("role", "slider");
      const { start, width, end } = JSON.parse(plot.dataset.columns);
      const last = Math.floor((end - 1 - start) / width);
      plot.setAttribute("aria-valuemin", 0);
      plot.setAttribute("aria-valuemax", last);
      plot.setAttribute("aria-valuenow", last);
      plot.setAttribute("aria-valuetext", "Arrow keys read the values");
      plot.addEventListener("pointermove", (event) => {
        const { left, width: wide } = plot.querySelector(".area").getBoundingClientRect();
        const { from, end } = JSON.parse(plot.dataset.columns);
        readOut(plot, Math.floor((from + ((event.clientX - left) / wide) * (end - from) - start) / width));
      });
      plot.addEventListener("keydown", (event) => {
        const step = stepOf[event.key];
        if (step === undefined) return;
        event.preventDefault();
        readOut(plot, Number(plot.dataset.place ?? last) + step);
      });
    }
  };

  showLocalTimes(document);
  showDistances();
  makeReadable(document);
  document.querySelector("[data-focus]")?.focus();
  if (connection) {
    show("waiting", "Connecting …");
    connect();
    setInterval(() => {
      showDistances();
      checkAge();
    }, 1000);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return disconnect();
      connect();
      soon(0);
    });
    // A page without a place gets a stream again once it is used.
    addEventListener("focus", () => {
      if (polling !== null) connect();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
      if (link && !elsewhere && !link.getAttribute("href").startsWith("#")) leave();
    });
    document.addEventListener("submit", leave);
    addEventListener("pagehide", disconnect);
    addEventListener("pageshow", (event) => {
      if (event.persisted && !ended) {
        connect();
        soon(0);
      }
    });
  }
})();
