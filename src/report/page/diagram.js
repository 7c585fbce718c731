// The space-time diagram: time runs to the right, nodes and clients have a lane each, messages go from lane to lane.
// Only what is in the window is drawn, and of what falls on the same pixels one of each sort.

const GUTTER = 104, AXIS = 22, WEATHER = 13, RIGHT = 10;
const WEATHER_ROWS = 8; // of more, some share a row
const EPOCHS = ["#0072b2", "#d55e00", "#008a63", "#b5548a", "#a67600"]; // those of Okabe and Ito, darkened for white text
const DENSE = 5000; // of so many records in the window only the rare ones can be told apart
const FEW_LABELS = 60, FEW_ARROWS = 1500;

class Diagram {
  constructor(run, canvas, state) {
    Object.assign(this, { run, canvas, state, context: canvas.getContext("2d"), hits: [] });
    this.drawn = new Int32Array(run.lanes.length ** 2);
  }

  /** Colours as the style sheet has them, light or dark. */
  colours() {
    const style = getComputedStyle(document.documentElement);
    const names = ["page", "lane", "ink", "dim", "line", "accent", "bad", "ok", "ok-edge", "fail", "fail-edge", "info-edge", "down", "paused", "slow", "cut", "clog", "worse"];
    return Object.fromEntries(names.map((name) => [name.replace("-", "_"), style.getPropertyValue(`--${name}`).trim()]));
  }

  /** Where everything stands, for the lanes that are shown. */
  measure() {
    const { run, canvas, state } = this;
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth;
    const shown = run.lanes.map((_, lane) => lane).filter((lane) => state.lane_on[lane]);
    const room = Math.max(260, Math.min(window.innerHeight * 0.62, 640)) - AXIS;
    const rows = Math.min(run.weather_rows, WEATHER_ROWS);
    this.top = AXIS + (rows > 0 ? rows * WEATHER + 8 : 0);
    this.height = Math.max(22, Math.min(54, Math.floor((room - this.top) / Math.max(1, shown.length))));
    const height = this.top + shown.length * this.height + 10;
    this.y = new Map(shown.map((lane, row) => [lane, this.top + (row + 0.5) * this.height]));
    Object.assign(this, { width, shown, rows, bottom: height - 8 });
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.style.height = `${height}px`;
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  x(at) { return GUTTER + ((at - this.state.from) / (this.state.to - this.state.from)) * (this.width - GUTTER - RIGHT); }
  time(x) { return this.state.from + ((x - GUTTER) / (this.width - GUTTER - RIGHT)) * (this.state.to - this.state.from); }
  lane_at(y) { return this.shown[Math.floor((y - this.top) / this.height)] ?? -1; }

  draw() {
    this.measure();
    const { context: c, width, canvas } = this;
    this.colour = this.colours();
    [this.hits, this.labels, this.boxes] = [[], [], []];
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.fillStyle = this.colour.page;
    c.fillRect(0, 0, width, canvas.height);
    this.draw_lanes();
    c.save();
    c.beginPath();
    c.rect(GUTTER, 0, width - GUTTER, canvas.height);
    c.clip();
    this.draw_axis();
    this.draw_weather();
    const { from, to } = this.state, dense = this.run.until(to) - this.run.until(from - 1) > DENSE;
    if (dense) this.draw_messages();
    this.draw_spans();
    this.draw_bands();
    this.draw_operations();
    if (!dense) this.draw_messages();
    this.draw_records(dense);
    this.draw_labels();
    this.named.forEach((line) => this.label(line));
    c.globalAlpha = 1;
    this.draw_instants();
    c.restore();
    this.draw_gutter();
  }

  draw_lanes() {
    const { context: c, colour, height, width, state } = this;
    this.shown.forEach((lane, row) => {
      const top = this.top + row * height;
      c.fillStyle = colour.lane;
      if (row % 2 === 0) c.fillRect(0, top, width, height);
      if (lane === state.lane) { c.strokeStyle = colour.accent; c.lineWidth = 1; c.strokeRect(0.5, top + 0.5, width - 1, height - 1); }
      c.strokeStyle = colour.line;
      c.beginPath(); c.moveTo(GUTTER, this.y.get(lane)); c.lineTo(width, this.y.get(lane)); c.stroke();
    });
  }

  draw_gutter() {
    const { context: c, colour, run, state } = this;
    this.shown.forEach((lane) => {
      const y = this.y.get(lane), { name, is_client } = run.lanes[lane];
      const span = run.node_of_lane.get(lane)?.span_at(state.at);
      const about = is_client ? "client" : span === undefined ? "not there yet" : span.role === null ? "down" : `${span.role}${span.epoch > 0 ? ` ${span.epoch}` : ""}`;
      const two = this.height >= 30 && about !== "";
      c.fillStyle = colour.ink; c.font = "600 13px system-ui, sans-serif";
      c.fillText(name, 10, two ? y - 7 : y);
      c.fillStyle = colour.dim; c.font = "11px system-ui, sans-serif";
      c.fillText(about, two ? 10 : 44, two ? y + 8 : y, two ? GUTTER - 14 : GUTTER - 48);
    });
  }

  draw_axis() {
    const { context: c, colour, width, state } = this;
    const span = state.to - state.from, most = Math.max(2, Math.floor((width - GUTTER) / 110));
    const rough = span / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough));
    c.strokeStyle = colour.line; c.fillStyle = colour.dim; c.lineWidth = 1; c.textAlign = "left";
    for (let at = Math.ceil(state.from / step) * step; at <= state.to; at += step) {
      const x = Math.round(this.x(at)) + 0.5;
      c.globalAlpha = 0.55;
      c.beginPath(); c.moveTo(x, 4); c.lineTo(x, this.bottom); c.stroke();
      c.globalAlpha = 1;
      c.fillText(instant(Math.round(at)), x + 4, 11);
    }
  }

  /** The part of an interval that is in the window, in pixels. */
  clipped(begins, ends) {
    return [Math.max(this.x(begins), GUTTER - 4), Math.min(this.x(ends), this.width + 4)];
  }

  in_window({ begins, ends }) { return ends >= this.state.from && begins <= this.state.to; }

  fault_colour(kind) {
    const { colour } = this;
    return { partition: colour.cut, clog: colour.clog, pause: colour.paused, slow: colour.slow, drift: colour.slow, disk_full: colour.worse, down: colour.down }[kind] ?? colour.worse;
  }

  /** Faults of links: in full above the lanes, and as a strip under those whose links they are about. */
  draw_weather() {
    const { context: c, colour, run } = this;
    for (const band of run.weather) {
      if (!this.in_window(band)) continue;
      const [left, right] = this.clipped(band.begins, band.ends);
      const wide = Math.max(2, right - left), top = AXIS + 2 + (band.row % WEATHER_ROWS) * WEATHER;
      c.fillStyle = this.fault_colour(band.kind);
      c.globalAlpha = 0.3; c.fillRect(left, top, wide, WEATHER - 2);
      c.globalAlpha = 1; c.fillRect(left, top, Math.min(2, wide), WEATHER - 2);
      this.hits.push({ left, right: left + wide, top, bottom: top + WEATHER, text: `${band.kind}: ${band.text}`, record: band.record });
      if (wide > 50) {
        c.save(); c.beginPath(); c.rect(left, top, wide, WEATHER); c.clip();
        c.fillStyle = colour.ink; c.font = "10px system-ui, sans-serif";
        c.fillText(this.weather_label(band), Math.max(left, GUTTER) + 5, top + WEATHER / 2 - 0.5);
        c.restore();
      }
      c.fillStyle = this.fault_colour(band.kind);
      // Of a cut the smaller side is marked: it is what is cut off.
      const about = new Set(band.links.flatMap(([from, to]) => (from.length < to.length ? from : to.length < from.length ? to : [...from, ...to])));
      for (const lane of about) {
        if (!this.y.has(lane)) continue;
        const y = this.y.get(lane) + this.height / 2 - 4;
        c.globalAlpha = 0.75; c.fillRect(left, y, wide, 3); c.globalAlpha = 1;
      }
    }
    c.font = "11px system-ui, sans-serif";
  }

  weather_label(band) {
    const name = (lanes) => {
      // Nodes in a row as one word.
      const rows = [];
      for (const lane of lanes) { const row = rows.at(-1); if (row && row[1] === lane - 1) row[1] = lane; else rows.push([lane, lane]); }
      return rows.map(([first, last]) => this.run.lane_name(first) + (first === last ? "" : `${last === first + 1 ? " " : "-"}${this.run.lane_name(last)}`)).join(" ");
    };
    const links = band.links.map(([from, to]) => `${name(from)} ↛ ${name(to)}`);
    const sign = band.kind === "partition" ? links.join(", ") : links.join(", ").replaceAll("↛", "→");
    return `${band.id}  ${sign}`;
  }

  draw_bands() {
    const { context: c, run, height } = this;
    for (const band of run.bands) {
      if (!this.in_window(band) || !this.y.has(band.lane)) continue;
      const [left, right] = this.clipped(band.begins, band.ends), wide = Math.max(3, right - left);
      const y = this.y.get(band.lane), top = y - height / 2 + 3, tall = height - 8;
      const paint = this.fault_colour(band.kind);
      c.save();
      c.beginPath(); c.rect(left, top, wide, tall); c.clip();
      c.globalAlpha = 0.12; c.fillStyle = paint; c.fillRect(left, top, wide, tall);
      c.globalAlpha = 0.6; c.strokeStyle = paint; c.lineWidth = 1.4;
      if (band.kind === "down") this.hatch(left, top, wide, tall);
      else if (band.kind === "pause") this.dots(left, top, wide, tall);
      else { c.setLineDash([5, 4]); c.strokeRect(left + 1, top + 1, wide - 2, tall - 2); c.setLineDash([]); }
      c.globalAlpha = 1;
      const label = band.kind === "down" ? (band.text.startsWith("gone") ? "gone" : "down") : band.kind === "pause" ? "paused" : band.kind.replace("_", " ");
      if (wide > 60) {
        const at = Math.max(left, GUTTER) + 6, room = c.measureText(label).width + 6;
        c.fillStyle = this.colour.page; c.fillRect(at - 3, y - 8, room, 15);
        c.fillStyle = paint; c.fillText(label, at, y);
      }
      c.restore();
      this.hits.push({ left, right: left + wide, top, bottom: top + tall, text: `${run.lane_name(band.lane)} ${label}: ${band.text}`, record: band.record });
    }
  }

  hatch(left, top, wide, tall) {
    const c = this.context;
    const begin = Math.floor((Math.max(left, GUTTER) - tall) / 7) * 7;
    c.beginPath();
    for (let x = begin; x < left + wide; x += 7) { c.moveTo(x, top + tall); c.lineTo(x + tall, top); }
    c.stroke();
  }

  dots(left, top, wide, tall) {
    const c = this.context;
    c.fillStyle = c.strokeStyle;
    c.beginPath();
    for (let x = Math.floor(Math.max(left, GUTTER) / 7) * 7; x < left + wide; x += 7) for (let y = top + 4; y < top + tall; y += 7) c.rect(x, y, 2, 2);
    c.fill();
  }

  /** Who was what in which term: its colour is the term's; whoever leads has a broad line. */
  draw_spans() {
    const { context: c, colour, run } = this;
    for (const node of run.nodes) {
      const y = this.y.get(node.lane);
      if (y === undefined) continue;
      let last = -1;
      for (const span of node.spans) {
        if (!this.in_window(span) || span.role === null) continue;
        const [left, right] = this.clipped(span.begins, span.ends), leads = run.leads !== null && span.role === run.leads;
        if (right - left < 1 && Math.round(left) === last && !leads) continue;
        last = Math.round(left);
        const wide = Math.max(leads ? 2 : 1, right - left), tall = leads ? 14 : 3;
        c.fillStyle = span.epoch > 0 ? EPOCHS[span.epoch % EPOCHS.length] : colour.dim;
        c.globalAlpha = leads ? 1 : 0.8;
        c.fillRect(left, y - tall / 2, wide, tall);
        c.globalAlpha = 1;
        const label = `${span.role}${span.epoch > 0 ? ` ${span.epoch}` : ""}`, room = c.measureText(label).width;
        if (label !== "" && wide > room + 10 && (leads || this.height >= 30)) this.labels.push({ label, room, x: Math.max(left, GUTTER) + 5, y, paint: leads ? c.fillStyle : null });
      }
    }
  }

  /** What nodes were, in words, above what went on meanwhile. */
  draw_labels() {
    const { context: c, colour } = this;
    for (const { label, room, x, y, paint } of this.labels) {
      this.claims(x, paint !== null ? y - 7 : y + 4, room, 13);
      if (paint !== null) { c.fillStyle = paint; c.fillRect(x - 5, y - 7, room + 9, 14); }
      c.fillStyle = paint !== null ? "#fff" : colour.dim;
      c.fillText(label, x, paint !== null ? y + 0.5 : y + 10);
    }
  }

  draw_operations() {
    const { context: c, colour, run } = this;
    const last = new Map();
    for (const operation of run.operations) {
      const y = this.y.get(operation.lane);
      if (y === undefined || !this.in_window(operation)) continue;
      const [left, right] = this.clipped(operation.begins, operation.ends), wide = Math.max(2, right - left);
      if (wide <= 2 && last.get(operation.lane) === Math.round(left)) continue;
      last.set(operation.lane, Math.round(left));
      const { answer } = operation, top = y - 8;
      if (answer === "ok" || answer === "fail") { c.fillStyle = colour[answer]; c.fillRect(left, top, wide, 16); }
      c.strokeStyle = answer === "ok" ? colour.ok_edge : answer === "fail" ? colour.fail_edge : colour.info_edge;
      c.lineWidth = 1;
      if (answer !== "ok" && answer !== "fail") c.setLineDash([3, 3]);
      if (wide > 3) c.strokeRect(left + 0.5, top + 0.5, wide - 1, 15);
      c.setLineDash([]);
      this.hits.push({ left, right: left + wide, top, bottom: top + 16, record: operation.from >= 0 ? operation.from : operation.to,
        text: `${operation.id} ${operation.text}\n${instant(operation.begins)}${operation.to >= 0 ? ` to ${instant(operation.ends)}` : ""}: ${answer === "info" ? "nobody knows whether it took effect" : answer}` });
      if (wide > 44) {
        c.save(); c.beginPath(); c.rect(left, top, wide - 3, 16); c.clip();
        c.fillStyle = colour.ink; c.fillText(`${operation.id.split("#")[1] ?? ""} ${operation.text}`, Math.max(left, GUTTER) + 4, y + 0.5);
        c.restore();
      }
    }
  }

  /** Which of a record's two sides of the past it is on. */
  is_past(i) {
    const { cut } = this.state, lane = this.run.lane_of(i);
    return cut === null || lane < 0 || this.run.rank[i] <= cut[lane];
  }

  /** Messages of the window that are not left out. */
  window_of_messages() {
    const { run, state } = this, { from } = run.messages;
    const place = (at) => { let [low, high] = [0, from.length]; while (low < high) { const m = (low + high) >> 1; if (run.at[from[m]] < at) low = m + 1; else high = m; } return low; };
    return [place(state.from - run.longest), place(state.to)];
  }

  draw_messages() {
    const { context: c, run, state } = this, { from, to } = run.messages;
    const [first, end] = this.window_of_messages();
    const dense = end - first > DENSE / 3, column = dense ? 4 : 1, lanes = run.lanes.length;
    this.drawn.fill(-1);
    const lines = [];
    for (let k = first; k < end; k++) {
      const i = from[k], j = to[k], on = run.lane[i], peer = run.peer[i];
      if (!run.kinds[run.kind[i]].on || !this.y.has(on)) continue;
      // Of what goes to a node without a lane only the beginning is drawn.
      const away = j < 0 && peer < 0, ends = j >= 0 ? run.at[j] : away ? run.at[i] : Math.min(state.to, run.end);
      if (ends < state.from) continue;
      const what = j >= 0 ? run.whats[run.what[j]] : "", lost = what === "lost" || what === "cut";
      const x1 = this.x(run.at[i]);
      const pair = on * lanes + Math.max(peer, 0), bucket = Math.floor(x1 / column) * 2 + (lost ? 1 : 0);
      if (dense && this.drawn[pair] === bucket) continue;
      this.drawn[pair] = bucket;
      const y1 = this.y.get(on), y2 = this.y.get(peer) ?? y1 + this.height * 0.6;
      let x2 = this.x(ends), end_y = y2;
      // What is lost at once has no arrival: a stub, towards where it was to go.
      if (what === "lost" || (lost && run.at[j] === run.at[i])) { x2 = x1 + 12; end_y = y1 + Math.sign(y2 - y1) * (this.height / 2 - 5); }
      if (away) { if (dense) continue; x2 = x1 + 8; end_y = y1 + 10; }
      lines.push({ x1, y1, x2, y2: end_y, i, j, lost, open: j < 0 && !away, past: this.is_past(i) && (j < 0 || lost || this.is_past(j)) });
    }
    const few = lines.length < FEW_ARROWS;
    for (const past of [false, true]) this.stroke(lines.filter((line) => line.past === past && !line.lost), past, few, lines.length);
    this.stroke_lost(lines.filter((line) => line.lost), few, dense);
    this.named = lines.length < FEW_LABELS ? lines : [];
    this.lines = lines.length < 12000 ? lines : [];
    c.globalAlpha = 1;
  }

  stroke(lines, past, few, all) {
    const { context: c, colour, state } = this;
    const highlights = state.cut !== null && past;
    c.strokeStyle = c.fillStyle = highlights ? colour.accent : colour.ink;
    c.lineWidth = highlights && all < 400 ? 1.5 : 1;
    c.globalAlpha = past ? (all > 3000 ? 0.1 : all > 1500 ? 0.25 : all > 600 ? 0.45 : 0.7) : all > 3000 ? 0.05 : 0.13;
    // In pieces: one long path is slow to stroke.
    for (let start = 0; start < lines.length; start += 400) {
      c.beginPath();
      for (const { x1, y1, x2, y2 } of lines.slice(start, start + 400)) { c.moveTo(x1, y1); c.lineTo(x2, y2); }
      c.stroke();
    }
    if (few) lines.forEach((line) => (line.open ? this.ring(line) : this.head(line)));
  }

  stroke_lost(lines, few, dense) {
    const { context: c, colour } = this;
    c.strokeStyle = c.fillStyle = colour.bad; c.lineWidth = 1.2;
    if (dense) {
      c.globalAlpha = 0.45;
      lines.forEach(({ x1, y2 }) => c.fillRect(x1, y2 - 1.5, 1.5, 3));
      return;
    }
    c.setLineDash([4, 3]);
    for (const past of [false, true]) {
      c.globalAlpha = past ? 0.85 : 0.25;
      c.beginPath();
      for (const { x1, y1, x2, y2, past: own } of lines) if (own === past) { c.moveTo(x1, y1); c.lineTo(x2, y2); }
      c.stroke();
    }
    c.setLineDash([]);
    c.beginPath();
    const r = few ? 3.5 : 2;
    for (const { x2: x, y2: y } of lines) { c.moveTo(x - r, y - r); c.lineTo(x + r, y + r); c.moveTo(x - r, y + r); c.lineTo(x + r, y - r); }
    c.globalAlpha = 0.9; c.stroke();
  }

  head({ x1, y1, x2, y2 }) {
    const c = this.context, angle = Math.atan2(y2 - y1, x2 - x1), size = 6;
    c.beginPath(); c.moveTo(x2, y2);
    for (const turn of [-0.38, 0.38]) c.lineTo(x2 - size * Math.cos(angle + turn), y2 - size * Math.sin(angle + turn));
    c.fill();
  }

  ring({ x2, y2 }) { const c = this.context; c.beginPath(); c.arc(x2, y2, 3, 0, 7); c.stroke(); }

  /** Takes room for a label, unless some of it is taken. */
  claims(left, top, wide, tall) {
    if (this.boxes.some((box) => left < box.left + box.wide && box.left < left + wide && top < box.top + box.tall && box.top < top + tall)) return false;
    this.boxes.push({ left, top, wide, tall });
    return true;
  }

  label({ x1, y1, x2, y2, i, past }) {
    const { context: c, colour, run } = this, name = run.kinds[run.kind[i]].name;
    const [x, y] = [x1 + (x2 - x1) * 0.42, y1 + (y2 - y1) * 0.42], wide = c.measureText(name).width;
    if (x - wide / 2 < GUTTER || !this.claims(x - wide / 2 - 2, y - 7, wide + 4, 13)) return;
    c.globalAlpha = past ? 0.8 : 0.25;
    c.fillStyle = colour.page; c.fillRect(x - wide / 2 - 2, y - 6.5, wide + 4, 12);
    c.globalAlpha = past ? 1 : 0.35;
    c.fillStyle = colour.dim; c.fillText(name, x - wide / 2, y);
  }

  draw_records(dense) {
    const { context: c, colour, run, state } = this;
    const first = run.until(state.from - 1), end = run.until(state.to);
    const taken = new Map(), rare = new Set(["boot", "crash", "refuse"]);
    this.glyphs = [];
    const facts = new Map();
    for (let i = first; i < end; i++) {
      const what = run.whats[run.what[i]], sign = SIGNS[what];
      if (sign === undefined || !run.kinds[run.kind[i]].on) continue;
      const y = this.y.get(run.lane[i]);
      if (y === undefined) continue;
      const x = this.x(run.at[i]);
      // Kinds of facts of which the run has few are seen from afar.
      if (dense && !rare.has(what) && !(what === "fact" && run.kinds[run.kind[i]].count < 200)) continue;
      if (dense) {
        const key = run.lane[i] * 32 + sign, place = Math.round(x / 3);
        if (taken.get(key) === place) continue;
        taken.set(key, place);
      }
      c.globalAlpha = this.is_past(i) ? 1 : 0.25;
      this.sign(what, x, y);
      this.glyphs.push([x, y, i]);
      if (what === "fact" && !dense) facts.set(run.lane[i], [...(facts.get(run.lane[i]) ?? []), [x, y, run.kinds[run.kind[i]].name]]);
    }
    c.globalAlpha = 1;
    facts.forEach((list) => this.name_facts(list));
    if (state.record >= 0 && this.y.has(run.lane[state.record])) {
      const [x, y] = [this.x(run.at[state.record]), this.y.get(run.lane[state.record])];
      c.strokeStyle = colour.accent; c.lineWidth = 2;
      c.beginPath(); c.arc(x, y, 7, 0, 7); c.stroke();
    }
  }

  /** The names of facts of one lane, as far as there is room; those of one instant in one label. */
  name_facts(list) {
    const { context: c, colour } = this;
    c.fillStyle = colour.ink;
    let free = -Infinity;
    for (let k = 0; k < list.length; k++) {
      const [x, y] = list[k], names = [list[k][2]];
      while (k + 1 < list.length && list[k + 1][0] - x < 3) { k += 1; if (!names.includes(list[k][2])) names.push(list[k][2]); }
      const label = names.join(", "), room = c.measureText(label).width;
      if (x < free) continue;
      // At the right end it goes to the left, if it can.
      const left = x + 6 + room > this.width && x - 6 - room > free ? x - 6 - room : x + 6;
      this.claims(left, y - this.height / 2 + 1, room, 13);
      c.fillText(label, left, y - this.height / 2 + 8);
      free = left + room + 4;
    }
  }

  sign(what, x, y) {
    const { context: c, colour } = this;
    c.beginPath();
    switch (what) {
      case "fact": c.fillStyle = colour.ink; c.moveTo(x, y - 5); c.lineTo(x + 4.5, y); c.lineTo(x, y + 5); c.lineTo(x - 4.5, y); c.fill(); break;
      case "timer": c.strokeStyle = colour.dim; c.lineWidth = 1.4; c.moveTo(x, y - 9); c.lineTo(x, y); c.stroke(); break;
      case "persist": case "write": c.fillStyle = colour.dim; c.rect(x - 2.5, y + 3, 5, 5); c.fill(); break;
      case "boot": c.fillStyle = colour.ink; c.moveTo(x, y - 6); c.lineTo(x + 5, y + 4); c.lineTo(x - 5, y + 4); c.fill(); break;
      case "crash": case "refuse": c.strokeStyle = colour.bad; c.lineWidth = 2.2; c.moveTo(x - 5, y - 5); c.lineTo(x + 5, y + 5); c.moveTo(x - 5, y + 5); c.lineTo(x + 5, y - 5); c.stroke(); break;
      case "dropped": c.strokeStyle = colour.bad; c.lineWidth = 1.2; c.arc(x, y, 3, 0, 7); c.stroke(); break;
      default: c.fillStyle = colour.ink; c.arc(x, y, 2.2, 0, 7); c.fill();
    }
  }

  /** The heal, the violation, and the cursor. */
  draw_instants() {
    const { context: c, colour, run, state } = this;
    const line = (at, paint, wide, label, top) => {
      const x = this.x(at);
      if (x < GUTTER - 1 || x > this.width) return;
      c.strokeStyle = c.fillStyle = paint; c.lineWidth = wide;
      c.beginPath(); c.moveTo(x, top); c.lineTo(x, this.bottom); c.stroke();
      if (label === "") return;
      const room = c.measureText(label).width + 8, left = x + room + 4 > this.width ? x - room - 3 : x + 3;
      c.fillStyle = colour.page; c.fillRect(left, 2, room, 15);
      c.fillStyle = paint; c.fillText(label, left + 4, 10);
    };
    if (run.healed !== undefined) line(run.healed, colour.dim, 1, "healed", 0);
    line(state.at, colour.accent, 1.5, "", 0);
    if (run.violation) {
      line(run.violation.at, colour.bad, 1.8, run.violation.property, 0);
      for (const lane of run.violation.lanes) if (this.y.has(lane)) this.star(this.x(run.violation.at), this.y.get(lane));
    }
  }

  star(x, y) {
    const c = this.context;
    c.fillStyle = this.colour.bad; c.strokeStyle = this.colour.page; c.lineWidth = 1;
    c.beginPath();
    for (let k = 0; k < 16; k++) { const r = k % 2 === 0 ? 9 : 4; c.lineTo(x + r * Math.cos((k * Math.PI) / 8), y + r * Math.sin((k * Math.PI) / 8)); }
    c.closePath(); c.fill(); c.stroke();
  }

  /** What is there: a record, and words for it. */
  hit(x, y) {
    const { run } = this;
    let best = null, near = 8;
    for (const [gx, gy, i] of this.glyphs ?? []) { const d = Math.hypot(gx - x, gy - y); if (d < near) [near, best] = [d, { record: i }]; }
    if (best) return best;
    near = 5;
    for (const { x1, y1, x2, y2, i, j, lost } of this.lines ?? []) {
      const [dx, dy] = [x2 - x1, y2 - y1], along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
      const d = Math.hypot(x1 + along * dx - x, y1 + along * dy - y);
      if (d < near) [near, best] = [d, { record: j >= 0 && !lost ? j : i, message: [i, j] }];
    }
    if (best) return { ...best, text: this.message_words(...best.message) };
    return this.hits.findLast((hit) => x >= hit.left && x <= hit.right && y >= hit.top && y <= hit.bottom) ?? null;
  }

  message_words(i, j) {
    const { run } = this, [from, to] = [run.lane_name(run.lane[i]), run.lane_name(run.peer[i]) || "one without a lane"];
    const what = j >= 0 ? run.whats[run.what[j]] : "";
    const fate = what === "lost" ? "lost" : what === "cut" ? `runs into a cut at ${instant(run.at[j])}` : j >= 0 ? `arrives at ${instant(run.at[j])}, after ${instant(run.at[j] - run.at[i])}` : "still on its way at the end";
    return `${from} to ${to}, sent at ${instant(run.at[i])}, ${fate}\n${run.detail(i)}`;
  }
}

/** What is drawn on a lane, each sort with a number. */
const SIGNS = { fact: 1, timer: 2, persist: 3, write: 4, boot: 5, crash: 6, refuse: 7, dropped: 8, deliver: 9, request: 10 };
