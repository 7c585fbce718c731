// Beside the diagram: the run as a strip, the state of a node, the list of events, and the menus.

/** The whole run in a strip: how much happens, who leads, what strikes; and the window, to be dragged. */
class Overview {
  constructor(run, canvas, diagram) {
    Object.assign(this, { run, canvas, diagram, picture: null });
  }

  x(at) { return GUTTER + (at / this.run.end) * (this.canvas.clientWidth - GUTTER - RIGHT); }
  time(x) { return ((x - GUTTER) / (this.canvas.clientWidth - GUTTER - RIGHT)) * this.run.end; }

  /** What does not change with the window is painted once. */
  paint(colour, width, height, ratio) {
    const { run } = this;
    this.picture = Object.assign(document.createElement("canvas"), { width: width * ratio, height: height * ratio });
    const c = this.picture.getContext("2d");
    c.scale(ratio, ratio);
    const bins = new Float64Array(Math.max(1, Math.floor((width - GUTTER - RIGHT) / 2)));
    for (let i = 0; i < run.length; i++) bins[Math.min(bins.length - 1, Math.floor((run.at[i] / run.end) * bins.length))] += 1;
    const most = bins.reduce((a, b) => Math.max(a, b), 1);
    c.fillStyle = colour.dim; c.globalAlpha = 0.55;
    bins.forEach((n, k) => { const tall = n > 0 ? 1 + (20 * Math.log1p(n)) / Math.log1p(most) : 0; c.fillRect(GUTTER + k * 2, 24 - tall, 1.5, tall); });
    c.globalAlpha = 0.7;
    for (const band of [...run.weather, ...run.bands]) {
      c.fillStyle = this.diagram.fault_colour(band.kind);
      c.fillRect(this.x(band.begins), band.links ? 27 : 32, Math.max(1.5, this.x(band.ends) - this.x(band.begins)), 4);
    }
    c.globalAlpha = 1;
    for (const node of run.nodes) for (const span of node.spans) {
      if (run.leads === null || span.role !== run.leads) continue;
      c.fillStyle = EPOCHS[span.epoch % EPOCHS.length];
      c.fillRect(this.x(span.begins), 38, Math.max(1.5, this.x(span.ends) - this.x(span.begins)), 6);
    }
    c.fillStyle = colour.dim; c.font = "10px system-ui, sans-serif"; c.textBaseline = "middle";
    [["events", 15], ["faults", 31], [run.leads ?? "", 41]].forEach(([label, y]) => c.fillText(label, 10, y));
    if (run.violation) { c.fillStyle = colour.bad; c.fillRect(this.x(run.violation.at) - 1, 0, 2, height); }
  }

  draw() {
    const { canvas, diagram } = this, { state } = diagram, colour = diagram.colours();
    const ratio = window.devicePixelRatio || 1, [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const look = `${width} ${height} ${ratio} ${colour.page}`;
    diagram.colour = colour;
    if (this.look !== look) { this.look = look; [canvas.width, canvas.height] = [width * ratio, height * ratio]; this.paint(colour, width, height, ratio); }
    const c = canvas.getContext("2d");
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    c.drawImage(this.picture, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [left, right] = [this.x(Math.max(0, state.from)), this.x(Math.min(this.run.end, state.to))];
    c.fillStyle = colour.accent; c.globalAlpha = 0.14; c.fillRect(left, 0, Math.max(2, right - left), height);
    c.globalAlpha = 1; c.strokeStyle = colour.accent; c.lineWidth = 1.2; c.strokeRect(left, 0.6, Math.max(2, right - left), height - 1.2);
    c.fillRect(this.x(state.at) - 0.5, 0, 1, height);
  }
}

/** Lays out a `Debug` on lines of a width: a part that does not fit on one has its elements on lines of their own.
    Each line is an indent and the slices of the text on it. */
function laid_out(text, width) {
  const partner = new Int32Array(text.length).fill(-1), commas = new Map();
  const open = [];
  for (let i = 0, quoted = false; i < text.length; i++) {
    const c = text[i];
    if (quoted) { if (c === "\\") i += 1; else if (c === '"') quoted = false; continue; }
    if (c === '"') quoted = true;
    else if ("[({".includes(c)) { open.push(i); commas.set(i, []); }
    else if ("])}".includes(c) && open.length > 0) partner[open.pop()] = i;
    else if (c === "," && open.length > 0) commas.get(open.at(-1)).push(i);
  }
  const lines = [];
  const begin = (indent) => lines.push({ indent, slices: [] });
  const put = (from, to) => { if (to > from) lines.at(-1).slices.push([from, to]); };
  const trimmed = (from, to) => { while (from < to && text[from] === " ") from++; while (to > from && text[to - 1] === " ") to--; return [from, to]; };
  function set(from, to, indent) {
    let i = from;
    if (indent + to - from <= width) return put(from, to);
    while (i < to && partner[i] < 0) i++;
    if (i >= to || partner[i] >= to || partner[i] === i + 1) { put(from, Math.min(to, i + 2)); if (i + 2 < to) set(i + 2, to, indent); return; }
    const close = partner[i];
    put(from, i + 1);
    const ends = [...commas.get(i).map((comma) => comma + 1), close];
    let start = i + 1;
    for (const end of ends) {
      const [a, b] = trimmed(start, end);
      if (b > a) { begin(indent + 2); set(a, b, indent + 2); }
      start = end;
    }
    begin(indent);
    put(close, close + 1);
    if (close + 1 < to) set(close + 1, to, indent);
  }
  begin(0);
  set(0, text.length, 0);
  return lines;
}

class StatePanel {
  constructor(run, state, go) {
    Object.assign(this, { run, state, go });
    by_id("state-panel").hidden = false;
    for (const node of run.nodes) {
      const tab = Object.assign(document.createElement("button"), { textContent: run.lane_name(node.lane) });
      tab.setAttribute("role", "tab");
      tab.dataset.lane = node.lane;
      tab.addEventListener("click", () => go({ lane: node.lane }));
      by_id("tabs").append(tab);
    }
  }

  draw() {
    const { run, state } = this;
    const lane = run.node_of_lane.has(state.lane) ? state.lane : (this.shown ?? run.nodes[0]?.lane);
    this.shown = lane;
    for (const tab of by_id("tabs").children) tab.setAttribute("aria-selected", String(Number(tab.dataset.lane) === lane));
    const node = run.node_of_lane.get(lane);
    if (!node) return;
    const change = node.change_at(state.at), key = `${lane} ${change}`;
    this.tell(node, change);
    if (this.key === key) return;
    this.key = key;
    // Where nearly all is new, as after a boot, nothing is marked.
    const pieces = change < 0 ? [] : node.state(change), brought = change > 0 ? node.fresh(change) : new Set();
    const fresh = brought.size * 2 < pieces.length ? brought : new Set();
    const pre = by_id("state"), width = Math.max(40, Math.floor(pre.clientWidth / 7.6) - 2);
    pre.replaceChildren();
    const add = (name, text) => { const span = document.createElement("span"); span.className = name; span.textContent = text; pre.append(span); };
    let [text, news] = ["", []];
    const flush = () => {
      for (const { indent, slices } of laid_out(text, width)) {
        pre.append(" ".repeat(indent));
        for (const [from, to] of slices) {
          for (let i = from; i < to; ) {
            let end = i + 1;
            while (end < to && news[end] === news[i]) end++;
            if (news[i]) add("new", text.slice(i, end)); else pre.append(text.slice(i, end));
            i = end;
          }
        }
        pre.append("\n");
      }
      [text, news] = ["", []];
    };
    pieces.forEach((number, k) => {
      const piece = node.pieces[number].replace("\n", "");
      if (piece.startsWith("\u001f")) { if (text !== "") flush(); add("head", piece.slice(1)); }
      else { for (let i = 0; i < piece.length; i++) news.push(fresh.has(k)); text += piece; }
    });
    if (text !== "") flush();
  }

  tell(node, change) {
    const { run, state, go } = this, span = node.span_at(state.at), about = by_id("state-about");
    const is = span === undefined ? "not there yet" : span.role === null ? "down" : [span.role, span.epoch > 0 ? `epoch ${span.epoch}` : ""].filter((word) => word).join(", ");
    const since = change >= 0 ? `; as it is since ${instant(node.when[change])}` : "";
    const thinned = node.passed > 0 ? `; it holds much: of ${count(node.passed)} turns no state was kept, a replay shows any` : "";
    about.textContent = `${run.lane_name(node.lane)} at ${instant(state.at)}: ${is || "up"}${since}${thinned} `;
    const step = (label, to) => { const button = Object.assign(document.createElement("button"), { textContent: label, disabled: to < 0 || to >= node.when.length }); button.addEventListener("click", () => go({ at: node.when[to], lane: node.lane, record: -1 })); about.append(button, " "); };
    step("◂ change before", change - 1);
    step("next change ▸", change + 1);
  }
}

class EventsPanel {
  constructor(run, state, go) {
    Object.assign(this, { run, state, go, ROW: 20 });
    by_id("events-panel").hidden = false;
    this.box = by_id("events");
    this.rows = by_id("rows");
    this.box.addEventListener("scroll", () => this.fill());
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) go({ record: Number(row.dataset.record) });
    });
    this.filter();
  }

  /** The records that are not left out. */
  filter() {
    const { run, state } = this;
    const needle = state.find.toLowerCase();
    const found = needle === "" ? null : run.texts.map((text) => text.toLowerCase().includes(needle));
    const list = [];
    for (let i = 0; i < run.length; i++) {
      if (!run.kinds[run.kind[i]].on || (run.lane[i] >= 0 && !state.lane_on[run.lane[i]])) continue;
      if (found !== null && !(run.text[i] >= 0 && found[run.text[i]]) && !run.whats[run.what[i]].includes(needle)) continue;
      list.push(i);
    }
    this.list = Int32Array.from(list);
    this.rows.style.height = `${this.list.length * this.ROW}px`;
    by_id("shown").textContent = `${count(this.list.length)} of ${count(run.length)}`;
    this.follow(true);
  }

  /** The place of the last record that has happened, or of the selected one. */
  place() {
    const { run, state, list } = this;
    const last = state.record >= 0 ? state.record : run.until(state.at) - 1;
    let [low, high] = [0, list.length];
    while (low < high) { const middle = (low + high) >> 1; if (list[middle] <= last) low = middle + 1; else high = middle; }
    return low - 1;
  }

  follow(always) {
    const place = this.place(), top = place * this.ROW, { box } = this;
    const visible = top >= box.scrollTop && top + this.ROW <= box.scrollTop + box.clientHeight;
    if (!visible || always) box.scrollTop = Math.max(0, top - box.clientHeight / 2);
    this.fill();
  }

  fill() {
    const { box, list, run, state, ROW } = this;
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 8), end = Math.min(list.length, first + Math.ceil(box.clientHeight / ROW) + 16);
    const chosen = this.place();
    const rows = [];
    for (let k = first; k < end; k++) {
      const i = list[k], row = document.createElement("div");
      const lane = run.lane_of(i);
      row.className = `row${k === chosen ? " chosen" : ""}${state.cut !== null && lane >= 0 && run.rank[i] > state.cut[lane] ? " outside" : ""}`;
      row.style.top = `${k * ROW}px`;
      row.dataset.record = i;
      const cell = (name, text) => { const span = document.createElement("span"); span.className = name; span.textContent = text; row.append(span); };
      cell("t", seconds(run.at[i]));
      cell("who", run.lane_name(run.lane[i]));
      row.append(run.words(i).slice(0, 400));
      row.title = run.words(i).slice(0, 2000);
      rows.push(row);
    }
    this.rows.replaceChildren(...rows);
  }
}

/** An instant in seconds to the microsecond, cut and not rounded. */
const seconds = (ns) => `${Math.floor(ns / 1e9)}.${String(Math.floor((ns % 1e9) / 1e3)).padStart(6, "0")}s`;

/** A menu of what is shown. */
function menu(box, items, changed) {
  const all = document.createElement("div");
  all.className = "all";
  for (const [label, on] of [["all", true], ["none", false]]) {
    const button = Object.assign(document.createElement("button"), { textContent: label });
    button.addEventListener("click", () => { items.forEach((item) => { item.set(on); item.box.checked = on; }); changed(); });
    all.append(button);
  }
  box.append(all);
  let group = null;
  for (const item of items) {
    if (item.group !== group) { group = item.group; const head = document.createElement("p"); head.className = "dim"; head.textContent = group; box.append(head); }
    const label = document.createElement("label");
    item.box = Object.assign(document.createElement("input"), { type: "checkbox", checked: item.get() });
    item.box.addEventListener("change", () => { item.set(item.box.checked); changed(); });
    label.append(item.box, ` ${item.label}`);
    box.append(label);
  }
}
