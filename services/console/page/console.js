// Fills the console, once a second and only while it is looked at. What is read becomes text.
"use strict";

const ROUND_MS = 1000;
const ANSWER_MS_MAX = 4000;
const HISTORY_MS = 5 * 60 * 1000;
const CONFLICTS_SHOWN = 20;
const VALUE_CHARS_MAX = 60;
const SVG = "http://www.w3.org/2000/svg";
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "", "7 3", "2 3", "9 3 2 3"];

/** Samples of lag: the time, and the lag by peer in ms; without lags where nothing was answered. */
const history = [];
let lastAnswerAt = Date.now();

const byId = (id) => document.getElementById(id);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Fills a table's body; what has not changed stays as it is, so that it can be selected. */
function fill(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, at) => {
    const row = body.rows[at] || body.insertRow();
    while (row.cells.length > cells.length) row.deleteCell(-1);
    cells.forEach((cell, number) => {
      const { text, className = "", title = "", word, below } = typeof cell === "object" ? cell : { text: cell };
      let node = row.cells[number];
      if (!node) {
        node = document.createElement(number === 0 ? "th" : "td");
        if (number === 0) node.scope = "row";
        row.append(node);
      }
      if (word === undefined) setText(node, String(text));
      else fillTwo(node, text, word, below);
      if (node.className !== className) node.className = className;
      if (node.title !== title) node.title = title;
    });
  });
}

/** A text in the style of `word`, and one below it that says more. */
function fillTwo(cell, text, word, below) {
  if (cell.childElementCount !== 2) {
    cell.replaceChildren(document.createElement("div"), document.createElement("div"));
  }
  const [first, second] = cell.children;
  setText(first, text);
  if (first.className !== word) first.className = word;
  second.className = "soft";
  setText(second, below);
  second.hidden = !below;
}

function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return Math.round(ms) + " ms";
  const s = ms / 1000;
  if (s < 60) return (s < 10 ? s.toFixed(1) : Math.round(s)) + " s";
  const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
  if (m < 60) return m + " min " + Math.floor(s % 60) + " s";
  return h < 24 ? h + " h " + (m % 60) + " min" : d + " d " + (h % 24) + " h";
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (count >= 1024 && at < units.length - 1) [count, at] = [count / 1024, at + 1];
  return (at && count < 100 ? count.toFixed(1) : Math.round(count)) + " " + units[at];
}

const count = (number) => number.toLocaleString("en");
const number = (text) => ({ text, className: "number" });

const time = (rfc3339) => rfc3339.replace("T", " ").replace("Z", " UTC");
const words = (name) => name.replaceAll("_", " ");

/** One side of a conflict: what was written, and below it where and when. */
function written(side, path) {
  const isKnown = side.value !== undefined;
  const whole = isKnown ? JSON.stringify(side.value) : path ? "removed" : "deleted";
  const short = whole.length > VALUE_CHARS_MAX ? whole.slice(0, VALUE_CHARS_MAX) + "…" : whole;
  const below = side.region + ", " + time(side.written_at);
  return { text: short, title: whole, word: isKnown ? "mono" : "", below };
}

/** The item of a conflict, and below it the element of a set, which its path names (RFC 6901). */
function place({ table, key, path }) {
  const element = path.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  return { text: table + " / " + key, word: "mono", below: element && "element " + element };
}

/** The answer to a read: its status, and its body where it is one. */
async function ask(path, signal) {
  const reply = await fetch(path, { signal, cache: "no-store" });
  return { status: reply.status, body: reply.ok ? await reply.json() : null };
}

function showRegion(region, ready) {
  document.title = region.region + " · Tombolo";
  setText(byId("name"), region.region);
  byId("ready").className = "state " + (ready ? "ready" : "not-ready");
  setText(byId("ready"), ready ? "ready" : "takes no commands");
  setText(byId("uptime"), duration(Date.parse(region.clock) - Date.parse(region.started_at)));
  const vector = Object.entries(region.version_vector);
  fill(byId("region"), [
    ["Incarnation", { text: region.incarnation, className: "mono" }],
    ["Process", region.pid],
    ["Started", time(region.started_at)],
    ["Hybrid clock", time(region.clock)],
    ["Changes applied", vector.length ? count(vector.reduce((sum, [, seq]) => sum + seq, 0)) : "0"],
    ...vector.map(([replica, seq]) => [{ text: replica, className: "mono" }, count(seq)]),
  ]);
}

function showLinks(links) {
  const up = links.filter((link) => link.state === "up").length;
  byId("links-none").hidden = links.length > 0;
  byId("links-table").hidden = byId("lag-section").hidden = links.length === 0;
  setText(byId("links-up"), links.length ? up + " of " + links.length : "none");
  setText(byId("lag-most"), links.length ? duration(Math.max(...links.map((link) => link.inbound_lag_ms))) : "–");
  const lacking = Math.max(0, ...links.map((link) => link.outbound_pending_changes));
  setText(byId("pending"), links.length ? count(lacking) + (lacking === 1 ? " change" : " changes") : "–");
  fill(byId("links"), links.map((link) => [
    link.peer,
    // The state is a word, so that it is not told by colour alone.
    { text: words(link.state), word: "state " + link.state, below: link.reason || "" },
    { text: words(link.breaker), className: "breaker " + link.breaker },
    number(duration(link.inbound_lag_ms)), number(link.rtt_ms === null ? "–" : link.rtt_ms.toFixed(1) + " ms"),
    number(count(link.outbound_pending_changes)), number(bytes(link.outbound_pending_bytes)),
    number(link.last_heard_ms === null ? "never" : duration(link.last_heard_ms) + " ago"),
    number(bytes(link.bytes_sent)), number(bytes(link.bytes_received)),
  ]));
}

function showTables(tables) {
  byId("tables-none").hidden = tables.length > 0;
  byId("tables-table").hidden = tables.length === 0;
  setText(byId("tables-count"), count(tables.length));
  fill(byId("tables"), tables.map((table) => [
    table.name, table.type, words(table.resolver),
    words(table.strategy.mode) + (table.strategy.home ? ", home " + table.strategy.home : ""),
    table.regions.join(", "),
  ]));
}

function showConflicts({ status, body }) {
  const open = body ? body.conflicts : [];
  const isKnown = body !== null;
  const more = isKnown && body.next ? "+" : "";
  setText(byId("conflicts-open"), isKnown ? open.length + more : "–");
  byId("conflicts-table").hidden = open.length === 0;
  byId("conflicts-none").hidden = open.length > 0;
  setText(byId("conflicts-none"), isKnown ? "None." : "Conflicts cannot be listed now (status " + status + ").");
  fill(byId("conflicts"), open.map((conflict) => [
    place(conflict), written(conflict.kept, conflict.path), written(conflict.lost, conflict.path),
    { text: words(conflict.resolver), word: "whole", below: words(conflict.reason) },
  ]));
}

function svg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, of] of Object.entries(attributes)) node.setAttribute(key, of);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** The next round number at or above `ms`. */
function roundUp(ms) {
  const steps = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 864e5];
  return steps.find((step) => step >= ms) || Math.ceil(ms / 864e5) * 864e5;
}

/** The points of one peer, in runs without a gap. */
function runs(peer, x, y) {
  const found = [[]];
  for (const { at, lags } of history) {
    const lag = lags && lags[peer];
    if (lag === undefined || lag === null) found.push([]);
    else found.at(-1).push(x(at).toFixed(1) + "," + y(lag).toFixed(1));
  }
  return found.filter((run) => run.length > 0);
}

function showChart(links) {
  const width = Math.max(240, byId("chart").clientWidth);
  byId("chart").setAttribute("viewBox", "0 0 " + width + " 200");
  const [left, right, top, bottom] = [58, width - 5, 8, 176];
  const now = Date.now();
  const from = Math.min(now - 30000, Math.max(now - HISTORY_MS, history[0].at));
  const most = roundUp(Math.max(1, ...history.flatMap(({ lags }) => Object.values(lags || {}))));
  const x = (at) => left + ((at - from) / (now - from)) * (right - left);
  const y = (lag) => bottom - (lag / most) * (bottom - top);
  const nodes = [0, 0.5, 1].flatMap((part) => [
    svg("line", { class: "grid", x1: left, x2: right, y1: y(part * most), y2: y(part * most) }),
    svg("text", { x: left - 6, y: y(part * most) + 4, "text-anchor": "end" }, part ? duration(part * most) : "0"),
  ]);
  nodes.push(svg("text", { x: left, y: bottom + 17 }, duration(now - from) + " ago"));
  nodes.push(svg("text", { x: right, y: bottom + 17, "text-anchor": "end" }, "now"));
  const style = (at) => ({ class: "curve", stroke: "var(--c" + (at % 8) + ")", "stroke-dasharray": DASHES[at % 8] });
  links.forEach((link, at) => {
    for (const run of runs(link.peer, x, y)) {
      const points = run.length > 1 ? run.join(" ") : run[0] + " " + run[0];
      nodes.push(svg("polyline", { ...style(at), points, "stroke-linecap": run.length > 1 ? "butt" : "round" }));
    }
  });
  byId("chart").replaceChildren(...nodes);
  const told = links.map((link) => link.peer + " " + duration(link.inbound_lag_ms)).join(", ");
  byId("chart").setAttribute("aria-label", "Lag by peer, now: " + told);
  const names = links.map((link) => link.peer).join();
  if (byId("legend").dataset.names === names) return;
  byId("legend").dataset.names = names;
  byId("legend").replaceChildren(...links.map((link, at) => {
    const item = document.createElement("li");
    const key = svg("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
    key.append(svg("line", { ...style(at), x1: 0, x2: 26, y1: 4, y2: 4 }));
    item.append(key, link.peer);
    return item;
  }));
}

function remember(lags) {
  const now = Date.now();
  history.push({ at: now, lags });
  while (history.length > 1 && history[0].at < now - HISTORY_MS) history.shift();
}

function showTrouble(text) {
  byId("trouble").hidden = !text;
  setText(byId("trouble"), text);
}

/** One look at everything, all at once. */
async function round() {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    const [region, ready, links, tables, conflicts] = await Promise.all([
      ask("v1/region", signal), ask("readyz", signal), ask("v1/links", signal), ask("v1/tables", signal),
      ask("v1/conflicts?state=open&limit=" + CONFLICTS_SHOWN, signal),
    ]);
    for (const { status, body } of [region, links, tables]) if (!body) throw new Error("status " + status);
    const peers = links.body.links;
    remember(Object.fromEntries(peers.map((link) => [link.peer, link.inbound_lag_ms])));
    lastAnswerAt = Date.now();
    showTrouble("");
    setText(byId("at"), new Date().toLocaleTimeString());
    showRegion(region.body, ready.status === 200);
    showLinks(peers);
    showTables(tables.body.tables);
    showConflicts(conflicts);
    if (peers.length) showChart(peers);
  } catch (error) {
    remember(null);
    showTrouble("No answer from this region for " + duration(Date.now() - lastAnswerAt) + ". What is shown is from before.");
  }
}

async function run() {
  const began = Date.now();
  if (!document.hidden) await round();
  setTimeout(run, Math.max(0, ROUND_MS - (Date.now() - began)));
}

document.addEventListener("visibilitychange", () => { if (document.hidden) remember(null); });
run();
