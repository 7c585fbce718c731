// What the page knows of the run: its records in columns, and what follows from them.

const by_id = (id) => document.getElementById(id);

/** The payload: base 64 of deflated JSON. */
async function unpacked() {
  const text = by_id("run").textContent;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

const UNITS = [["h", 3600e9], ["min", 60e9], ["s", 1e9], ["ms", 1e6], ["us", 1e3], ["ns", 1]];

/** An instant as the command line reads it: exact, in the largest unit that fits. */
function instant(ns) {
  const [name, scale] = UNITS.find(([n, s]) => ns >= s && (ns % s === 0 || (n !== "h" && n !== "min"))) ?? ["s", 1e9];
  const [whole, rest] = [Math.floor(ns / scale), ns % scale];
  if (rest === 0) return whole + name;
  const width = Math.round(Math.log10(scale));
  return `${whole}.${String(rest).padStart(width, "0").replace(/0+$/, "")}${name}`;
}

/** What `instant` writes, in nanoseconds; NaN if it is none. */
function nanoseconds(text) {
  const [, number, unit] = /^([0-9.]+)([a-z]*)$/.exec(text.trim()) ?? [];
  const scale = UNITS.find(([name]) => name === unit)?.[1];
  return scale === undefined ? NaN : Math.round(Number(number) * scale);
}

/** The kind of a message, timer or fact: its leading word. */
const kind_of = (text) => (/^[A-Za-z0-9_]+/.exec(text)?.[0] ?? "").replace(/(?!^)([A-Z])/g, "_$1").toLowerCase();

const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** In which group of the menu of kinds a record stands. */
const GROUPS = { deliver: "messages", send: "messages", lost: "messages", cut: "messages", held: "messages", twice: "messages",
  dropped: "messages", timer: "timers", arm: "timers", disarm: "timers", request: "clients", reply: "clients", invoke: "clients",
  return: "clients", persist: "disk", write: "disk", synced: "disk", fact: "facts", boot: "faults", refuse: "faults",
  fault: "faults", idle: "faults", end: "faults", crash: "faults", phase: "faults", flap: "faults" };

class Run {
  constructor(data) {
    Object.assign(this, { lanes: data.lanes, texts: data.texts, whats: data.whats, faults: data.faults, end: data.end,
      violation: data.violation, replay: data.replay, heard: data.heard, omitted: data.omitted, leads: data.leader });
    const { events } = data;
    const n = (this.length = events.at.length);
    this.at = new Float64Array(n);
    this.place = new Float64Array(n);
    this.what = Uint8Array.from(events.what);
    this.lane = Int16Array.from(events.lane);
    this.peer = Int16Array.from(events.peer);
    this.text = Int32Array.from(events.text);
    this.message = Float64Array.from(events.message);
    for (let i = 0, at = 0, place = 0; i < n; i++) {
      this.at[i] = at += events.at[i];
      this.place[i] = place += events.place[i];
    }
    this.pair();
    this.order();
    this.classify();
    this.follow_operations();
    this.follow_faults();
    this.nodes = data.nodes.map((node) => new Node(this, node));
    this.node_of_lane = new Map(this.nodes.map((node) => [node.lane, node]));
  }

  name(what) { return this.whats[what]; }
  code(name) { return this.whats.indexOf(name); }

  /** Where each message was sent and what became of it. */
  pair() {
    const n = this.length;
    this.sent = new Int32Array(n).fill(-1); // of an arrival, its sending
    this.met = new Int32Array(n).fill(-1); // of a sending, its arrival or its end
    const [send, invoke, reply, twice, deliver, request, lost, cut, dropped] =
      ["send", "invoke", "reply", "twice", "deliver", "request", "lost", "cut", "dropped"].map((name) => this.code(name));
    const under_way = new Map();
    let last = -1;
    for (let i = 0; i < n; i++) {
      const what = this.what[i], message = this.message[i];
      const arrives = what === deliver || what === request || (what === reply && this.lane[i] >= 0 && this.lanes[this.lane[i]].is_client);
      if (arrives) {
        const from = under_way.get(message);
        if (message >= 0 && from !== undefined) {
          this.sent[i] = from;
          if (this.met[from] < 0) this.met[from] = i;
          if (this.text[i] < 0) this.text[i] = this.text[from];
        }
      } else if (what === send || what === invoke || what === reply) {
        last = i;
        if (message >= 0) under_way.set(message, i);
      } else if (what === twice) {
        under_way.set(message, last);
      } else if (what === lost || what === cut) {
        const from = message >= 0 ? under_way.get(message) : last;
        if (from !== undefined && from >= 0) { this.sent[i] = from; if (this.met[from] < 0) this.met[from] = i; }
      } else if (what === dropped && i > 0 && this.lane[i - 1] === this.lane[i]) {
        this.sent[i] = i - 1;
      }
    }
    // The messages that are drawn: pairs of records, or a sending alone.
    const from = [], to = [];
    for (let i = 0; i < n; i++) {
      const what = this.what[i];
      const is_sending = what === send || what === invoke || (what === reply && this.sent[i] < 0 && !(this.lane[i] >= 0 && this.lanes[this.lane[i]].is_client));
      if (is_sending && this.met[i] < 0) { from.push(i); to.push(-1); }
      if (this.sent[i] >= 0 && what !== dropped) { from.push(this.sent[i]); to.push(i); }
    }
    const order = Uint32Array.from(from.keys()).sort((a, b) => from[a] - from[b]);
    this.messages = { from: Int32Array.from(order, (k) => from[k]), to: Int32Array.from(order, (k) => to[k]) };
    // How long a message takes at most, so that those that began before a window are found.
    this.longest = 0;
    for (let k = 0; k < from.length; k++) if (to[k] >= 0) this.longest = Math.max(this.longest, this.at[to[k]] - this.at[from[k]]);
  }

  /** Of each record the one before it on its lane, and of each lane its records. */
  order() {
    this.on_lane = this.lanes.map(() => []);
    this.rank = new Int32Array(this.length).fill(-1);
    for (let i = 0; i < this.length; i++) {
      const lane = this.lane_of(i);
      if (lane >= 0) { this.rank[i] = this.on_lane[lane].length; this.on_lane[lane].push(i); }
    }
  }

  /** The lane on which a record happened. What becomes of a message on its way happens to nobody. */
  lane_of(i) {
    const name = this.whats[this.what[i]];
    return name === "lost" || name === "cut" || name === "held" || name === "twice" ? -1 : this.lane[i];
  }

  /** Of each record the kind by which it can be left out. */
  classify() {
    const kinds = new Map();
    this.kinds = [];
    this.kind = new Uint16Array(this.length);
    const of_text = new Map();
    for (let i = 0; i < this.length; i++) {
      const what = this.whats[this.what[i]], group = GROUPS[what] ?? "other";
      let text = this.text[i];
      if (text < 0 && this.sent[i] >= 0) text = this.text[this.sent[i]];
      let name = what;
      if (group === "messages" || group === "timers" || group === "facts") {
        if (text >= 0) {
          if (!of_text.has(text)) of_text.set(text, kind_of(this.texts[text]));
          name = of_text.get(text) || what;
        }
      }
      const key = `${group}/${name}`;
      if (!kinds.has(key)) { kinds.set(key, this.kinds.length); this.kinds.push({ group, name, count: 0, on: true }); }
      this.kind[i] = kinds.get(key);
      this.kinds[this.kind[i]].count += 1;
    }
  }

  detail(i) { return this.text[i] >= 0 ? this.texts[this.text[i]] : ""; }
  lane_name(lane) { return lane >= 0 ? this.lanes[lane].name : ""; }

  /** Operations of clients: from the first time of asking to the end. */
  follow_operations() {
    this.operations = [];
    const open = new Map();
    for (let i = 0; i < this.length; i++) {
      const what = this.whats[this.what[i]];
      if (what !== "invoke" && what !== "return") continue;
      const [id, ...rest] = this.detail(i).split(" ");
      if (what === "invoke" && !open.has(id)) {
        const operation = { lane: this.lane[i], id, from: i, to: -1, begins: this.at[i], ends: Infinity, answer: "open", text: rest.join(" ") };
        open.set(id, operation);
        this.operations.push(operation);
      } else if (what === "return") {
        const operation = open.get(id) ?? { lane: this.lane[i], id, from: -1, begins: this.at[0], text: "" };
        if (operation.from < 0) this.operations.push(operation);
        Object.assign(operation, { to: i, ends: this.at[i], answer: rest[0].toLowerCase() });
        open.delete(id);
      }
    }
  }

  /** What struck nodes and links, as intervals. */
  follow_faults() {
    const entries = new Map(this.faults.map((fault) => [fault.id, fault]));
    const on = new Map(), down = new Map(), gone = new Set();
    this.bands = []; // on lanes
    this.weather = []; // of links
    const lift = (list, at) => list.forEach((band) => { if (band.ends === Infinity) band.ends = at; });
    for (let i = 0; i < this.length; i++) {
      const what = this.whats[this.what[i]];
      if (GROUPS[what] !== "faults") continue;
      const at = this.at[i], lane = this.lane[i], detail = this.detail(i), id = detail.split(" ")[0];
      const entry = entries.get(id);
      if (what === "fault" && entry) {
        const list = on.get(id) ?? on.set(id, []).get(id);
        const about = { id, kind: entry.kind, begins: at, ends: Infinity, text: detail, record: i };
        if (entry.links.length > 0) {
          const band = { ...about, links: entry.links };
          this.weather.push(band);
          list.push(band);
        } else if (["pause", "slow", "drift", "disk_full"].includes(entry.kind) && lane >= 0) {
          const band = { ...about, lane };
          this.bands.push(band);
          list.push(band);
        } else if (entry.kind === "retire" && lane >= 0) {
          gone.add(lane);
          this.bands.push({ ...about, lane, kind: "down", text: `gone for good: ${detail}` });
        }
      } else if (what === "flap" && on.has(id)) {
        const list = on.get(id), last = list.at(-1);
        if (detail.endsWith("away")) lift(list, at);
        else if (last) { const band = { ...last, begins: at, ends: Infinity, record: i }; this.weather.push(band); list.push(band); }
      } else if (what === "end" && on.has(id)) {
        lift(on.get(id), at);
        on.delete(id);
      } else if (what === "crash" || what === "refuse") {
        const band = { lane, kind: "down", begins: at, ends: Infinity, text: `${what === "crash" ? "crashed" : "refused to run"}${detail ? `: ${detail}` : ""}`, record: i };
        down.set(lane, band);
        this.bands.push(band);
        for (const list of on.values()) lift(list.filter((other) => other.lane === lane && other.kind === "pause"), at);
      } else if (what === "boot") {
        if (down.has(lane)) { down.get(lane).ends = at; down.delete(lane); }
      } else if (what === "phase") {
        if (detail.startsWith("liveness")) this.healed = at;
        for (const list of on.values()) lift(list, at);
      }
    }
    for (const band of [...this.bands, ...this.weather]) band.ends = Math.min(band.ends, this.end);
    for (const operation of this.operations) operation.ends = Math.min(operation.ends, this.end);
    this.stack();
  }

  /** Gives each fault of links a row in which it overlaps no other. */
  stack() {
    const free = [];
    this.weather.sort((a, b) => a.begins - b.begins);
    for (const band of this.weather) {
      let row = free.findIndex((ends) => ends <= band.begins);
      if (row < 0) row = free.push(0) - 1;
      free[row] = band.ends;
      band.row = row;
    }
    this.weather_rows = free.length;
  }

  /** How many records had happened at an instant, those of the instant included. */
  until(at) {
    let [low, high] = [0, this.length];
    while (low < high) { const middle = (low + high) >> 1; if (this.at[middle] <= at) low = middle + 1; else high = middle; }
    return low;
  }

  /** What happened before these records: of each lane up to which of its records, as ranks; -1 for none. */
  past(records) {
    const cut = new Int32Array(this.lanes.length).fill(-1);
    const todo = [];
    const reach = (i) => {
      const lane = i >= 0 ? this.lane_of(i) : -1;
      if (lane < 0 || this.rank[i] <= cut[lane]) return;
      todo.push([lane, cut[lane] + 1, this.rank[i]]);
      cut[lane] = this.rank[i];
    };
    records.forEach(reach);
    while (todo.length > 0) {
      const [lane, from, to] = todo.pop();
      for (let k = from; k <= to; k++) {
        const i = this.on_lane[lane][k];
        if (this.sent[i] >= 0) reach(this.sent[i]);
      }
    }
    return cut;
  }

  /** The records that show the breach: the last ones of the nodes concerned, or of all. */
  breach() {
    if (!this.violation) return [];
    const end = this.until(this.violation.at);
    const last = (lane) => { const own = this.on_lane[lane]; let k = own.length - 1; while (k >= 0 && own[k] >= end) k--; return k >= 0 ? own[k] : -1; };
    const named = this.violation.lanes.length > 0 ? this.violation.lanes : this.lanes.keys();
    return [...named].map(last).filter((i) => i >= 0);
  }

  /** A record in words. */
  words(i) {
    const peer = this.lane_name(this.peer[i]) || "one without a lane", detail = this.detail(i);
    const but = (text) => (detail ? `${text}: ${detail}` : text);
    switch (this.whats[this.what[i]]) {
      case "deliver": return `hears from ${peer}: ${detail}`;
      case "timer": return `its timer ${detail} runs out`;
      case "request": return `is asked by ${peer}: ${detail}`;
      case "synced": return but("a sync is done");
      case "boot": return `boots: ${detail}`;
      case "send": return `sends to ${peer}: ${detail}`;
      case "lost": return `what it sent to ${peer} is lost`;
      case "cut": return `what it sent to ${peer} runs into a cut`;
      case "held": return `what it sent to ${peer} is held back`;
      case "twice": return `what it sent to ${peer} will arrive twice`;
      case "dropped": return but("an input is dropped");
      case "persist": return `writes, and waits for its disk: ${detail}`;
      case "write": return `writes: ${detail}`;
      case "reply": return this.sent[i] >= 0 ? `is answered by ${peer}: ${detail}` : `answers ${peer}: ${detail}`;
      case "fact": return `reports ${detail}`;
      case "refuse": return but("refuses to run");
      case "invoke": return `asks ${peer}: ${detail}`;
      case "return": return `is done with ${detail}`;
      case "fault": return `fault ${detail}`;
      case "idle": return `no effect: ${detail}`;
      case "end": return `over: ${detail}`;
      case "crash": return but("crashes");
      case "flap": return `flaps: ${detail}`;
      case "phase": return `the phase of ${detail} begins`;
      default: return but(this.whats[this.what[i]]);
    }
  }
}

/** What a node was and held. */
class Node {
  constructor(run, { lane, briefs, pieces, base, changes, passed }) {
    Object.assign(this, { run, lane, pieces, base, changes, passed });
    this.spans = briefs.map(([, begins, is], k) => ({ begins, ends: briefs[k + 1]?.[1] ?? run.end, role: is?.[0] ?? null, epoch: is?.[1] ?? 0 }));
    // The instants of changes: a change comes with the last record before it.
    let i = 0;
    this.when = changes.map(([after]) => {
      while (i + 1 < run.length && run.place[i + 1] < after) i++;
      return run.length > 0 && run.place[i] < after ? run.at[i] : 0;
    });
    this.kept = new Map();
  }

  /** Which change was the last at an instant; -1 if none was. */
  change_at(at) {
    let [low, high] = [0, this.when.length];
    while (low < high) { const middle = (low + high) >> 1; if (this.when[middle] <= at) low = middle + 1; else high = middle; }
    return low - 1;
  }

  /** The numbers of the pieces after a change. */
  state(change) {
    const STRIDE = 256;
    let from = change;
    while (from >= 0 && !this.kept.has(from)) from--;
    const pieces = from >= 0 ? [...this.kept.get(from)] : [...this.base];
    for (let k = from + 1; k <= change; k++) {
      this.patch(pieces, k);
      if (k % STRIDE === 0) this.kept.set(k, [...pieces]);
    }
    return pieces;
  }

  patch(pieces, change) {
    const [, patches] = this.changes[change];
    for (let p = patches.length - 1; p >= 0; p--) { const [at, gone, fresh] = patches[p]; pieces.splice(at, gone, ...fresh); }
  }

  /** Which pieces a change has brought, by their places after it. */
  fresh(change) {
    const places = new Set();
    let shift = 0;
    for (const [at, gone, fresh] of this.changes[change]?.[1] ?? []) {
      fresh.forEach((_, k) => places.add(at + shift + k));
      shift += fresh.length - gone;
    }
    return places;
  }

  span_at(at) { return this.spans.findLast((span) => span.begins <= at); }
}
