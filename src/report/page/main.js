// What the reader does, and what follows from it.

async function main() {
  const run = new Run(await unpacked());
  const state = { from: 0, to: Math.max(1, run.end), at: run.violation?.at ?? 0, lane: run.violation?.lanes[0] ?? -1, record: -1, cut: null, find: "",
    lane_on: run.lanes.map(() => true) };
  by_id("look").hidden = false;
  const canvas = by_id("diagram"), strip = by_id("overview"), past = by_id("past");
  const diagram = new Diagram(run, canvas, state), overview = new Overview(run, strip, diagram);
  const states = new StatePanel(run, state, go), events = new EventsPanel(run, state, go);

  let due = false;
  /** Draws once before the next frame, however often it is asked. */
  function redraw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; diagram.draw(); overview.draw(); });
  }

  /** Moves the cursor: to a record, or to an instant, or to another lane. */
  function go({ record, at, lane }, follow = true) {
    if (record !== undefined) state.record = record;
    if (state.record >= 0 && at === undefined && record !== undefined) {
      state.at = run.at[state.record];
      if (run.lane[state.record] >= 0) state.lane = run.lane[state.record];
    }
    if (at !== undefined) state.at = Math.max(0, Math.min(run.end, at));
    if (lane !== undefined) state.lane = lane;
    if (follow && (state.at < state.from || state.at > state.to)) {
      const half = (state.to - state.from) / 2;
      show(state.at - half, state.at + half);
    }
    if (past.value === "selected") find_past();
    tell();
  }

  function tell() {
    const name = run.lane_name(state.lane), is_node = run.node_of_lane.has(state.lane);
    by_id("at").textContent = `${instant(state.at)}${name ? ` on ${name}` : ""}`;
    by_id("command").textContent = `${run.replay} --until ${instant(state.at)}${is_node ? ` --node ${name}` : ""}`;
    const hash = `#t=${instant(state.at)}${name ? `&n=${name}` : ""}${state.record >= 0 ? `&r=${run.place[state.record] + 1}` : ""}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
    states.draw();
    events.follow(false);
    redraw();
  }

  function show(from, to) {
    const least = 200, span = Math.max(least, Math.min(to - from, run.end * 1.04 + least));
    const begin = Math.max(-0.02 * run.end, Math.min(from, run.end * 1.02 + least - span));
    [state.from, state.to] = [begin, begin + span];
    by_id("extent").textContent = `${seconds(Math.max(0, state.from))} to ${seconds(Math.min(run.end, state.to))}: ${count(run.until(state.to) - run.until(state.from - 1))} of ${count(run.heard)} records`;
    redraw();
  }

  const zoom = (factor, around = Math.min(state.to, Math.max(state.from, state.at))) => show(around - (around - state.from) * factor, around + (state.to - around) * factor);
  const pan = (share) => show(state.from + (state.to - state.from) * share, state.to + (state.to - state.from) * share);
  const whole = () => show(-0.01 * run.end, run.end * 1.01);

  /** The last records before an instant, as many as can be told apart. */
  function around(at) {
    const end = run.until(at), MANY = 240;
    const from = run.at[Math.max(0, end - MANY)] ?? 0, span = Math.max(at - from, 1000);
    show(at - span, at + span * 0.08);
  }

  function to_violation() {
    if (!run.violation) return whole();
    around(run.violation.at);
    go({ at: run.violation.at, lane: run.violation.lanes[0] ?? state.lane, record: -1 });
  }

  function find_past() {
    state.cut = past.value === "violation" ? run.past(run.breach()) : past.value === "selected" ? run.past(state.record >= 0 ? [state.record] : last_on_lanes()) : null;
    events.fill();
    redraw();
  }

  /** Where no record is selected, what its lane did last. */
  function last_on_lanes() {
    const own = run.on_lane[state.lane] ?? [], end = run.until(state.at);
    return own.filter((i) => i < end).slice(-1);
  }

  /** The record before or after, on a lane or on any. */
  function step(by, any) {
    const now = state.record >= 0 ? state.record : by > 0 ? run.until(state.at) - 1 : run.until(state.at);
    for (let i = now + by; i >= 0 && i < run.length; i += by) {
      const fits = any || state.lane < 0 || run.lane[i] === state.lane;
      if (fits && run.kinds[run.kind[i]].on && (run.lane[i] < 0 || state.lane_on[run.lane[i]])) return go({ record: i });
    }
  }

  function choose_lane(by) {
    const place = diagram.shown.indexOf(state.lane);
    const lane = diagram.shown[place < 0 ? 0 : Math.max(0, Math.min(diagram.shown.length - 1, place + by))];
    go({ lane, record: -1 });
  }

  /** Where a link says. */
  function follow_link() {
    const parts = new URLSearchParams(location.hash.slice(1)), at = nanoseconds(parts.get("t") ?? "");
    if (Number.isNaN(at)) return false;
    const lane = run.lanes.findIndex(({ name }) => name === parts.get("n"));
    const place = Number(parts.get("r") ?? 0) - 1;
    const record = place >= 0 ? run.place.findIndex((own, i) => own === place && run.at[i] === at) : -1;
    if (at < state.from || at > state.to || state.to - state.from > run.end) around(at);
    if (at < state.from || at > state.to) show(at - (state.to - state.from) / 2, at + (state.to - state.from) / 2);
    go(record >= 0 ? { record } : { at, record: -1, ...(lane >= 0 ? { lane } : {}) });
    return true;
  }

  const filtered = () => { events.filter(); redraw(); };
  menu(by_id("lanes"), run.lanes.map(({ name, group }, lane) => ({ label: name, group, get: () => state.lane_on[lane], set: (on) => { state.lane_on[lane] = on; } })), filtered);
  const order = ["messages", "facts", "timers", "clients", "disk", "faults", "other"];
  const kinds = [...run.kinds].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group) || b.count - a.count);
  menu(by_id("kinds"), kinds.map((kind) => ({ label: `${kind.name} (${count(kind.count)})`, group: kind.group, get: () => kind.on, set: (on) => { kind.on = on; } })), filtered);
  by_id("find").addEventListener("input", (event) => { state.find = event.target.value; filtered(); });
  by_id("to-violation").addEventListener("click", to_violation);
  by_id("to-violation").hidden = !run.violation;
  by_id("to-whole").addEventListener("click", whole);
  by_id("zoom-in").addEventListener("click", () => zoom(0.5));
  by_id("zoom-out").addEventListener("click", () => zoom(2));
  past.addEventListener("change", find_past);
  if (!run.violation) past.querySelector("[value=violation]").remove();
  const copied = async (button, text) => {
    const before = button.textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "copied"; } catch { button.textContent = "not allowed here"; }
    setTimeout(() => { button.textContent = before; }, 1200);
  };
  by_id("copy").addEventListener("click", (event) => copied(event.target, by_id("command").textContent));
  by_id("link").addEventListener("click", (event) => copied(event.target, location.href));

  listen(canvas, strip, { diagram, overview, state, run, go, show, zoom, pan, redraw });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { ArrowLeft: () => step(-1, event.shiftKey), ArrowRight: () => step(1, event.shiftKey), ArrowUp: () => choose_lane(-1), ArrowDown: () => choose_lane(1),
      "+": () => zoom(0.6), "=": () => zoom(0.6), w: () => zoom(0.6), "-": () => zoom(1.7), s: () => zoom(1.7), a: () => pan(-0.2), d: () => pan(0.2),
      0: whole, v: to_violation, c: () => { past.value = past.value === "" ? (run.violation ? "violation" : "selected") : ""; find_past(); } }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });
  by_id("events").addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (by === undefined || events.list.length === 0) return;
    event.preventDefault();
    go({ record: events.list[Math.max(0, Math.min(events.list.length - 1, events.place() + by))] });
  });
  document.addEventListener("click", (event) => document.querySelectorAll(".menu[open]").forEach((open) => { if (!open.contains(event.target)) open.open = false; }));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") document.querySelectorAll(".menu[open]").forEach((open) => { open.open = false; }); });
  window.addEventListener("hashchange", follow_link);
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  if (run.omitted > 0) notice(`The page begins at ${instant(run.at[run.place.findIndex((place) => place >= run.omitted)] ?? 0)}: of ${count(run.heard)} records the first ${count(run.omitted)} are left out, but for faults, crashes and boots; replay with --until an earlier instant and --report to see them.`);
  if (run.violation) past.value = "violation";
  find_past();
  whole();
  if (!follow_link()) { if (run.violation) to_violation(); else tell(); }
  diagram.draw();
  overview.draw();
  document.documentElement.dataset.ready = "true";
}

/** Mouse, touch and wheel. */
function listen(canvas, strip, { diagram, overview, state, run, go, show, zoom, pan, redraw }) {
  const tip = by_id("tip");
  let held = null;
  const inside = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("wheel", (event) => {
    // Where there are more lanes than fit, the wheel is needed to reach them.
    const { scrollHeight, clientHeight } = canvas.parentElement;
    if (scrollHeight > clientHeight + 1 && !event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const [x] = inside(event);
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / diagram.width);
    else zoom(Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.0022))), diagram.time(Math.max(GUTTER, x)));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); held = { x: event.clientX, from: state.from, to: state.to, moved: false }; });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = inside(event);
    if (held) {
      const by = event.clientX - held.x;
      if (Math.abs(by) > 3) held.moved = true;
      if (held.moved) { canvas.classList.add("pans"); tip.hidden = true; const shift = (by / (diagram.width - GUTTER - RIGHT)) * (held.to - held.from); show(held.from - shift, held.to - shift); }
      return;
    }
    const hit = x > GUTTER ? diagram.hit(x, y) : null;
    tip.hidden = hit === null;
    if (hit === null) return;
    tip.textContent = (hit.text ?? `${instant(run.at[hit.record])}  ${run.lane_name(run.lane[hit.record])}\n${run.words(hit.record)}`).slice(0, 1500);
    const [wide, tall] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, window.innerWidth - wide - 8))}px`;
    tip.style.top = `${event.clientY + 18 + tall > window.innerHeight ? event.clientY - tall - 10 : event.clientY + 18}px`;
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("pointerup", (event) => {
    const [x, y] = inside(event), clicked = held && !held.moved;
    held = null;
    canvas.classList.remove("pans");
    if (!clicked) return;
    const lane = diagram.lane_at(y), hit = x > GUTTER ? diagram.hit(x, y) : null;
    if (hit && hit.record >= 0) go({ record: hit.record });
    else if (x <= GUTTER) go({ lane });
    else go({ at: Math.round(diagram.time(x)), lane: lane >= 0 ? lane : state.lane, record: -1 });
  });
  canvas.addEventListener("pointercancel", () => { held = null; canvas.classList.remove("pans"); });
  let drags = false;
  const move = (event) => { const at = overview.time(event.clientX - strip.getBoundingClientRect().left), half = (state.to - state.from) / 2; show(at - half, at + half); redraw(); };
  strip.addEventListener("pointerdown", (event) => { strip.setPointerCapture(event.pointerId); drags = true; move(event); });
  strip.addEventListener("pointermove", (event) => { if (drags) move(event); });
  strip.addEventListener("pointerup", () => { drags = false; });
}

function notice(text) {
  Object.assign(by_id("notice"), { textContent: text, hidden: false });
}

main().catch((error) => {
  notice(`The diagram cannot be shown: ${error.message}. It needs a browser of 2023 or later; the words are all here.`);
  throw error;
});
