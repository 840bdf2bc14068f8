"use strict";
// Everything that is shown comes from servers and files: it becomes text, never markup.

const span = { least: 60, most: 300 }; // seconds of throughput that are shown
const flags = { local: "-L", remote: "-R", dynamic: "-D" };
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const rows = new Map(); // "gateway/forward" -> its row
const cards = new Map(); // gateway -> its section
let shown = null; // the last snapshot
let skew = 0; // the server's clock minus ours, in seconds

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

// MARK: Units

function bytes(count) {
  if (count < 1024) return `${Math.round(count)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = -1;
  while (count >= 1023.95 && unit < units.length - 1) { count /= 1024; unit += 1; }
  return `${count < 9.95 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

function duration(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min`;
  if (total < 86400) return `${Math.floor(total / 3600)} h ${Math.floor(total % 3600 / 60)} min`;
  return `${Math.floor(total / 86400)} d ${Math.floor(total % 86400 / 3600)} h`;
}

const now = () => Date.now() / 1000 + skew;
const clock = (time) => new Date((time - skew) * 1000).toLocaleString();
const latency = (seconds) => seconds < 0.001 ? `${Math.round(seconds * 1e6)} µs` : `${(seconds * 1000).toFixed(1)} ms`;

// MARK: States

const looks = {
  up: "up", waiting: "trying", degraded: "failed", parked: "failed", disabled: "off", stopped: "off",
};

function showState(place, state) {
  say(place, state);
  place.className = `state ${looks[state] ?? "trying"}`;
}

function boundListen(forward) {
  return forward.boundPort ? forward.listen.replace(/:\d+$/, `:${forward.boundPort}`) : forward.listen;
}

function causeOf(forward, gateway) {
  if (forward.state === "up") {
    const last = forward.lastError;
    return last && last.at >= forward.since ? `${duration(now() - last.at)} ago: ${last.cause.message}` : "";
  }
  if (forward.state === "disabled") return "";
  return (forward.cause ?? (forward.state === "waiting" ? gateway.cause : null))?.message ?? "";
}

// MARK: One forward

function makeRow(name) {
  const cell = (label, kind = "") => element("td", { role: "cell", "data-label": label, class: kind });
  const row = {
    name: element("th", { scope: "row", role: "rowheader" }, name),
    state: element("span"), cause: element("p", { class: "cause" }),
    stateCell: cell(""), way: cell(""), connections: cell("connections", "number"),
    ended: cell("ended", "number"), bytesIn: cell("in", "number"), bytesOut: cell("out", "number"),
    traffic: cell(""), since: cell("since", "number"), samples: [],
  };
  row.stateCell.append(row.state, row.cause);
  row.svg = document.createElementNS(SVG, "svg");
  row.svg.setAttribute("viewBox", "0 0 100 20");
  row.svg.setAttribute("preserveAspectRatio", "none");
  row.svg.setAttribute("role", "img");
  row.lines = ["in", "out"].map((kind) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    row.svg.append(path);
    return path;
  });
  row.traffic.append(row.svg);
  row.line = element("tr", { role: "row" }, row.name, row.stateCell, row.way, row.connections, row.ended,
    row.bytesIn, row.bytesOut, row.traffic, row.since);
  return row;
}

function updateRow(row, forward, gateway) {
  showState(row.state, forward.state);
  say(row.cause, causeOf(forward, gateway));
  row.cause.hidden = row.cause.textContent === "";
  say(row.way, `${flags[forward.kind] ?? forward.kind} ${boundListen(forward)} → ${forward.target}`);
  const relays = forward.relays;
  say(row.connections, String(relays.active));
  const ended = Object.entries(relays.ended ?? {}).filter(([, count]) => count > 0);
  say(row.ended, String(ended.reduce((sum, [, count]) => sum + count, 0)));
  row.ended.title = ended.map(([result, count]) => `${result} ${count}`).join(", ");
  say(row.bytesIn, bytes(relays.bytesFromTarget));
  say(row.bytesOut, bytes(relays.bytesToTarget));
  row.beginning = forward.since;
  say(row.since, duration(now() - forward.since));
  sample(row, relays, shown.takenAt);
}

// MARK: Throughput

function sample(row, relays, at) {
  const last = row.samples.at(-1);
  if (last && at <= last.at) return;
  row.samples.push({ at, in: relays.bytesFromTarget, out: relays.bytesToTarget });
  while (row.samples.length > 2 && row.samples[1].at < at - span.most) row.samples.shift();
  draw(row, at);
}

function rates(samples, kind) {
  const result = [];
  for (let index = 1; index < samples.length; index += 1) {
    const [before, after] = [samples[index - 1], samples[index]];
    result.push({ from: before.at, to: after.at, rate: Math.max(0, after[kind] - before[kind]) / (after.at - before.at) });
  }
  return result;
}

function draw(row, at) {
  const series = ["in", "out"].map((kind) => rates(row.samples, kind));
  const shownSpan = Math.min(span.most, Math.max(span.least, at - row.samples[0].at));
  const most = Math.max(1, ...series.flat().map((step) => step.rate));
  series.forEach((steps, index) => {
    const points = steps.flatMap((step) => {
      const height = (19 - step.rate / most * 18).toFixed(1);
      return [step.from, step.to].map((time) => `${(100 - (at - time) / shownSpan * 100).toFixed(2)} ${height}`);
    });
    row.lines[index].setAttribute("d", points.length ? `M${points.join("L")}` : "");
  });
  const [into, out] = series.map((steps) => steps.at(-1)?.rate ?? 0);
  const text = `Traffic of the last ${duration(shownSpan)}; now in ${bytes(into)}/s, out ${bytes(out)}/s, at most ${bytes(most)}/s`;
  row.svg.setAttribute("aria-label", text);
  row.traffic.title = text;
}

// MARK: One gateway

function makeCard(name) {
  const title = `gateway-${cards.size}-${name}`;
  const card = {
    state: element("span"), since: element("span", { class: "quiet" }), cause: element("p", { class: "cause" }),
    facts: element("dl", { class: "facts" }), events: element("ol"), body: element("tbody", { role: "rowgroup" }),
  };
  const head = element("tr", { role: "row" }, ...["Forward", "State", "Way", "Connections", "Ended", "In", "Out",
    "Traffic", "Since"].map((text) => element("th", {
    scope: "col", role: "columnheader", class: /Conn|Ended|In|Out|Since/.test(text) ? "number" : "" }, text)));
  card.table = element("table", { role: "table" }, element("caption", {}, `Forwards of ${name}`),
    element("thead", { role: "rowgroup" }, head), card.body);
  card.history = element("details", {}, element("summary", {}, "History"), card.events);
  card.section = element("section", { "aria-labelledby": title },
    element("h2", { id: title }, name, card.state, card.since), card.cause, card.facts, card.table, card.history);
  return card;
}

function facts(gateway) {
  const session = gateway.session;
  const failures = Object.entries(gateway.failures ?? {}).filter(([, count]) => count > 0);
  return [
    ["server", `${gateway.user}@${gateway.host}:${gateway.port}`],
    ["address", gateway.address], ["route", gateway.route],
    ["software", session?.serverVersion], ["cipher", session?.cipherOut],
    ["round trip", session?.rttSeconds === undefined ? undefined : latency(session.rttSeconds)],
    ["sessions", gateway.sessions > 1 ? String(gateway.sessions) : undefined],
    ["came up", gateway.connects === 1 ? "once" : `${gateway.connects} times`],
    ["failures", failures.map(([reason, count]) => `${reason} ${count}`).join(", ")],
    ["next try", gateway.nextRetry ? `in ${duration(gateway.nextRetry - now())}` : undefined],
  ].filter(([, value]) => value);
}

function updateCard(card, gateway) {
  showState(card.state, gateway.state);
  card.beginning = gateway.since;
  say(card.since, `for ${duration(now() - gateway.since)}`);
  say(card.cause, gateway.state === "up" ? "" : gateway.cause?.message ?? "");
  card.cause.hidden = card.cause.textContent === "";
  const wanted = facts(gateway);
  if (card.factsText !== JSON.stringify(wanted)) {
    card.factsText = JSON.stringify(wanted);
    card.facts.replaceChildren(...wanted.map(([term, value]) =>
      element("div", {}, element("dt", {}, term), element("dd", {}, value))));
  }
  const names = gateway.forwards.map((forward) => `${gateway.name}/${forward.name}`);
  gateway.forwards.forEach((forward, index) => {
    const name = names[index];
    if (!rows.has(name)) rows.set(name, makeRow(forward.name));
    updateRow(rows.get(name), forward, gateway);
  });
  arrange(card.body, names.map((name) => rows.get(name).line));
  card.table.hidden = names.length === 0;
}

// Moves nothing that is in its place, so that the focus stays where it is.
function arrange(parent, children) {
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

// MARK: Everything

function showStatus(snapshot) {
  shown = snapshot;
  skew = snapshot.takenAt - Date.now() / 1000;
  const forwards = snapshot.gateways.flatMap((gateway) => gateway.forwards);
  const enabled = forwards.filter((forward) => forward.state !== "disabled");
  const up = enabled.filter((forward) => forward.state === "up").length;
  const down = snapshot.gateways.filter((gateway) => gateway.state !== "up").map((gateway) => gateway.name);
  say(byId("summary"), `${up} of ${enabled.length} forwards up`
    + (down.length ? `; not up: ${down.slice(0, 5).join(", ")}${down.length > 5 ? " …" : ""}` : ""));
  document.title = (up === enabled.length && !down.length ? "fwd: all up" : `fwd: ${enabled.length - up} down`);
  for (const gateway of snapshot.gateways) {
    if (!cards.has(gateway.name)) cards.set(gateway.name, makeCard(gateway.name));
    updateCard(cards.get(gateway.name), gateway);
  }
  arrange(byId("gateways"), snapshot.gateways.map((gateway) => cards.get(gateway.name).section));
  forget(snapshot);
  showProblems(snapshot.configuration);
  say(byId("about"), `fwd ${snapshot.version}, libssh2 ${snapshot.libssh2}, pid ${snapshot.pid}, `
    + `${snapshot.directory}, since ${clock(snapshot.startedAt)}`);
  filter();
}

// What the configuration has no more: its name may come back as something else.
function forget(snapshot) {
  const names = new Set(snapshot.gateways.map((gateway) => gateway.name));
  const forwards = new Set(snapshot.gateways.flatMap((gateway) =>
    gateway.forwards.map((forward) => `${gateway.name}/${forward.name}`)));
  for (const name of [...cards.keys()]) if (!names.has(name)) cards.delete(name);
  for (const name of [...rows.keys()]) if (!forwards.has(name)) rows.delete(name);
}

function showProblems(configuration) {
  const lines = [...configuration.errors, ...configuration.refusedGateways.map((name) =>
    `the file of "${name}" is refused; mend it and run fwd reload`)];
  byId("problems").hidden = lines.length === 0;
  byId("problems").querySelector("ul").replaceChildren(...lines.map((line) => element("li", {}, line)));
}

function showHistory(reply) {
  for (const { gateway, events } of reply.gateways) {
    cards.get(gateway)?.events.replaceChildren(...[...events].reverse().map((event) => {
      const times = event.count > 1 ? ` (${event.count} times)` : "";
      const what = `${event.forward ? `${event.forward}: ` : ""}${event.from} → ${event.to}`;
      return element("li", {}, element("time", {}, clock(event.until ?? event.at)),
        ` ${what}${event.cause ? `: ${event.cause.message}` : ""}${times}`);
    }));
  }
}

function filter() {
  if (!shown) return;
  const text = byId("find").value.toLowerCase();
  const onlyTroubled = byId("troubled").checked;
  for (const gateway of shown.gateways) {
    let visible = 0;
    for (const forward of gateway.forwards) {
      const name = `${gateway.name}/${forward.name}`;
      const fits = `${name} ${forward.spec}`.toLowerCase().includes(text)
        && !(onlyTroubled && (forward.state === "up" || forward.state === "disabled"));
      rows.get(name).line.hidden = !fits;
      visible += fits ? 1 : 0;
    }
    const fits = gateway.name.toLowerCase().includes(text) && !(onlyTroubled && gateway.state === "up");
    cards.get(gateway.name).section.hidden = !visible && !fits;
  }
}

function tick() {
  const isLive = !document.body.classList.contains("stale");
  for (const row of rows.values()) {
    say(row.since, duration(now() - row.beginning));
    // No news means that nothing was carried.
    const last = row.samples.at(-1);
    if (isLive && last && now() - last.at > 1.5) {
      sample(row, { bytesFromTarget: last.in, bytesToTarget: last.out }, now());
    }
  }
  for (const card of cards.values()) say(card.since, `for ${duration(now() - card.beginning)}`);
}

// MARK: The stream

function showLink(text) {
  byId("link").hidden = text === "";
  say(byId("link"), text);
  document.body.classList.toggle("stale", text !== "");
}

let heard = Date.now();
let source = null;

function listen() {
  source?.close();
  source = new EventSource("/events");
  heard = Date.now();
  const on = (type, body) => source.addEventListener(type, (event) => {
    heard = Date.now();
    showLink("");
    if (body) body(JSON.parse(event.data));
  });
  on("status", showStatus);
  on("history", showHistory);
  on("alive", null);
  source.onerror = () => {
    const isRefused = source.readyState === EventSource.CLOSED;
    showLink(isRefused && shown === null ? "fwd sends no news: too many pages are open. Trying again."
      : "Connection to fwd lost, trying again. What is below is old.");
    // An answer other than a stream ends the browser's own attempts.
    if (isRefused) setTimeout(listen, 3000);
  };
}

byId("find").addEventListener("input", filter);
byId("troubled").addEventListener("change", filter);
byId("filter").addEventListener("submit", (event) => event.preventDefault());
setInterval(() => {
  tick();
  if (Date.now() - heard > 40000) { showLink("Nothing heard from fwd for 40 s."); listen(); }
}, 1000);
listen();
