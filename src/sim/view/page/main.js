// What keys, mouse and buttons do, and how the page opens.
const LANES_FIRST = 30, LANES_FEW = 16;
let matches = [], tab = 'event';

function pick(i, stay) {
  if (i < 0 || i >= N || i === undefined) return;
  const v = D.violations.find(x => x.event === i);
  if (v) maskAbout = new Set(v.about);
  // Who is in it gets a lane, whatever the filters say.
  const lanes = [i, ...(v ? v.about : [])].flatMap(k => [E.lane[k], isPacket(k) ? otherLane(k) : -1]).filter(l => l >= 0);
  if (v || !lanes.every(l => filter.lanes.has(l))) { lanes.forEach(l => filter.lanes.add(l)); refilter(); density = null; status(); }
  view.picked = i;
  // What the filters hide is shown when somebody asks for it.
  if (vis[placeOf(i)] !== i) { maskAbout.add(i); refilter(); density = null; }
  layout(); center(i);
  if (!stay && tab !== 'event') show('event');
  eventPane(i);
  if (tab === 'list') listTo(i);
  $('said').textContent = `${laneName(E.lane[i])} at ${secs(at[i])} seconds: ${isPacket(i) ? line(i) : short(i, 160)}`;
  try { history.replaceState(null, '', '#e' + i); } catch { /* A file may have no history. */ }
}
// After the filter has changed: everything is counted anew, and the window stays where it was.
function changed(keep) {
  const [t] = windowTimes();
  refilter(); density = null;
  layout();
  if (keep >= 0) { view.top = posOf(keep) - span() / 2; eventPane(keep); } else goToTime(t);
  if ($('q').value) find();
  status(); redraw();
  if (tab === 'list') listPane();
}
function status() {
  const hidden = D.methods.filter(m => !filter.methods.has(m));
  const notes = [`${vis.length} of ${N} events`];
  if (!filter.kinds.has('b')) notes.push('bytes hidden');
  if (hidden.length) notes.push((hidden.length > 3 ? hidden.length + ' methods' : hidden.join(', ')) + ' hidden');
  if (filter.lanes.size < D.lanes.length) notes.push(`${D.lanes.length - filter.lanes.size} of ${D.lanes.length} lanes hidden ( x )`);
  if (filter.link >= 0) notes.push('one connection only');
  if (filter.room >= 0) notes.push('room ' + filter.room + ' only');
  $('shown').textContent = notes.join(' · ');
  $('left').textContent = $('left').title = D.left_out;
}
function show(name) {
  tab = name;
  for (const t of ['event', 'list', 'run']) {
    const on = t === name, button = $('tab-' + t);
    button.setAttribute('aria-selected', String(on)); button.tabIndex = on ? 0 : -1;
    $('pane-' + t).hidden = !on;
  }
  if (name === 'list') listTo(Math.max(0, view.picked));
}
function find() {
  matches = search($('q').value);
  $('found').textContent = $('q').value ? (matches.length ? matches.length + ' found' : 'none') : '';
}
// The next event, or the next match while something is searched for.
function step(by) {
  const list = matches.length && $('q').value ? matches : vis;
  if (!list.length) return;
  if (view.picked < 0) { const [t] = windowTimes(); const k = by > 0 ? [...list].findIndex(i => at[i] >= t) : 0; pick(list[Math.max(0, k)], true); return; }
  let lo = 0, hi = list.length;
  while (lo < hi) { const mid = (lo + hi) >> 1; if (list[mid] < view.picked) lo = mid + 1; else hi = mid; }
  const k = by > 0 ? (list[lo] === view.picked ? lo + 1 : lo) : lo - 1;
  if (k >= 0 && k < list.length) pick(list[k], tab === 'list');
}
function theme(next) {
  const order = ['system', 'light', 'dark'], root = document.documentElement;
  let now = root.dataset.choice || 'system';
  if (next) now = order[(order.indexOf(now) + 1) % 3];
  root.dataset.choice = now;
  const dark = now === 'dark' || (now === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  $('theme').textContent = 'Theme: ' + now;
  try { localStorage.setItem('locospec-theme', now); } catch { /* Not every browser keeps things for a file. */ }
  colours(); redraw();
}
function zoomAll() {
  view.scale = bodyH() / Math.max(1, total()); view.top = 0; redraw();
}
function scaleTo(mode) {
  setMode(mode);
  $('scale-rows').setAttribute('aria-pressed', String(mode === 'rows'));
  $('scale-time').setAttribute('aria-pressed', String(mode === 'time'));
}
function toggleFilters() {
  const open = $('filters').hidden;
  if (open) filterPane();
  $('filters').hidden = !open;
  $('filters-open').setAttribute('aria-expanded', String(open));
  redraw();
}
const KEYS = [
  ['↑ ↓', 'scroll', { ArrowUp: () => scroll(-3), ArrowDown: () => scroll(3) }],
  ['Page ↑ ↓', 'scroll by a page', { PageUp: () => scroll(0, -.8), PageDown: () => scroll(0, .8) }],
  ['← →', 'more lanes', { ArrowLeft: () => { view.left -= 90; redraw(); }, ArrowRight: () => { view.left += 90; redraw(); } }],
  ['+ −', 'zoom', { '+': () => zoom(1.4, HEAD + bodyH() / 2), '=': () => zoom(1.4, HEAD + bodyH() / 2), '-': () => zoom(1 / 1.4, HEAD + bodyH() / 2) }],
  ['0', 'the whole run', { 0: zoomAll }],
  ['Home End', 'the start, the end', { Home: () => { view.top = 0; redraw(); }, End: () => { view.top = total(); redraw(); } }],
  ['n p', 'next, previous event; of those found, while something is searched for', { n: () => step(1), p: () => step(-1) }],
  ['f', 'the first violation', { f: () => D.violations.length && pick(Math.min(N - 1, D.violations[0].event)) }],
  ['v', 'the next violation', { v: () => { const next = D.violations.find(x => x.event > view.picked) || D.violations[0]; if (next) pick(next.event); } }],
  ['g', 'the other end of a packet', { g: () => view.picked >= 0 && E.peer[view.picked] >= 0 && pick(E.peer[view.picked]) }],
  ['r', 'from a request to its reply, and back', { r: () => view.picked >= 0 && answerOf(view.picked) >= 0 && pick(answerOf(view.picked)) }],
  ['c', 'only the connection of the event, or all', { c: () => { if (view.picked >= 0) { filter.link = filter.link >= 0 ? -1 : E.link[view.picked]; changed(view.picked); } } }],
  ['o', 'one row for each event, or as time passes', { o: () => scaleTo(view.mode === 'rows' ? 'time' : 'rows') }],
  ['/', 'search: words, room:7000, #12, text inside packets', { '/': () => { $('q').focus(); $('q').select(); } }],
  ['1 2 3', 'event, all events, run', { 1: () => show('event'), 2: () => show('list'), 3: () => show('run') }],
  ['x', 'filters', { x: toggleFilters }],
  ['t', 'light, dark, as the system', { t: () => theme(true) }],
  ['?', 'this help', { '?': () => $('help').showModal() }],
];
const LEGEND = [
  ['→', 'a request, from a client', 'up'], ['→', 'a reply, from a server', 'down'], ['⇢', 'a push, from a server: long dashes, and the word', 'push'],
  ['✕', 'a packet that nobody received: it ends on the way, with a cross', 'bad'], ['▶', 'what a user wants'], ['○', 'what a client tells its user'],
  ['▬', 'the life of a server: starts, commits'], ['◆', 'a fault begins or ends', 'warn'], ['▲', 'a violation, with a line across', 'bad'],
  ['┃', 'a bar on a client: a connection is open; the broad one is to the carriage server'],
];
function scroll(rows, pages) {
  view.top += pages ? pages * span() : rows * (view.mode === 'rows' ? Math.max(1, ROW / view.scale) : span() / 20);
  redraw();
}
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || $('help').open) return;
  if (e.target === $('q')) {
    if (e.key === 'Escape') { $('q').value = ''; find(); canvas.focus(); }
    if (e.key === 'Enter') { find(); step(e.shiftKey ? -1 : 1); }
    return;
  }
  if (['INPUT', 'SELECT', 'TEXTAREA'].includes(e.target.tagName)) return;
  const scrolls = /^(Arrow|Page|Home|End)/.test(e.key);
  // A pane, the list and the border have arrow keys of their own.
  if (e.target === mapCanvas && scrolls) { scroll(0, { ArrowUp: -.5, ArrowDown: .5, PageUp: -3, PageDown: 3, Home: -1e9, End: 1e9 }[e.key] || 0); e.preventDefault(); return; }
  if (e.target === $('list') && scrolls) { if (/^Arrow(Up|Down)$/.test(e.key)) { step(e.key === 'ArrowDown' ? 1 : -1); e.preventDefault(); } return; }
  if (e.target.getAttribute?.('role') === 'tab' && /^Arrow(Left|Right)$/.test(e.key)) {
    const tabs = ['event', 'list', 'run'], k = tabs.indexOf(tab);
    show(tabs[(k + (e.key === 'ArrowRight' ? 1 : 2)) % 3]); $('tab-' + tab).focus(); e.preventDefault(); return;
  }
  if (e.target === $('split') && /^Arrow(Left|Right)$/.test(e.key)) { sideWidth($('side').offsetWidth + (e.key === 'ArrowLeft' ? 30 : -30)); e.preventDefault(); return; }
  if (scrolls && e.target.closest?.('#side')) return;
  const entry = KEYS.find(k => e.key in k[2]);
  if (entry) { entry[2][e.key](); e.preventDefault(); }
});

// --- mouse ---
function hitAt(x, y) {
  let best = -1, near = 8;
  for (const h of hits) {
    const dx = h.x2 - h.x1, dy = h.y2 - h.y1, len = dx * dx + dy * dy;
    const t = len ? Math.max(0, Math.min(1, ((x - h.x1) * dx + (y - h.y1) * dy) / len)) : 0;
    const d = Math.hypot(x - h.x1 - t * dx, y - h.y1 - t * dy);
    if (d < near) { near = d; best = h.i; if (isPacket(h.i) && E.peer[h.i] >= 0 && t > .5) best = E.peer[h.i]; }
  }
  if (best < 0 && view.mode === 'rows' && view.scale >= 11 && y > HEAD) best = vis[Math.floor(view.top + (y - HEAD) / view.scale)] ?? -1;
  return best;
}
let drag = null;
canvas.addEventListener('pointerdown', e => { drag = { x: e.offsetX, y: e.offsetY, top: view.top, left: view.left, moved: false }; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener('pointermove', e => {
  if (drag) {
    const dx = e.offsetX - drag.x, dy = e.offsetY - drag.y;
    if (Math.hypot(dx, dy) > 4) { drag.moved = true; canvas.classList.add('drag'); }
    if (drag.moved) { view.top = drag.top - dy / view.scale; view.left = drag.left - dx; redraw(); }
    return;
  }
  const over = hitAt(e.offsetX, e.offsetY);
  if (over !== view.hover) { view.hover = over; canvas.title = over >= 0 ? `${secs(at[over])} s ${laneName(E.lane[over])} ${isPacket(over) ? line(over) : short(over, 200)}` : ''; redraw(); }
});
canvas.addEventListener('pointerup', e => {
  if (drag && !drag.moved) { const i = hitAt(e.offsetX, e.offsetY); if (i >= 0) pick(i, tab === 'list'); }
  drag = null; canvas.classList.remove('drag');
});
canvas.addEventListener('pointerleave', () => { if (!drag) { view.hover = -1; redraw(); } });
canvas.addEventListener('wheel', e => {
  e.preventDefault();
  if (e.ctrlKey || e.metaKey) zoom(Math.exp(-e.deltaY / 300), e.offsetY);
  else if (e.shiftKey) { view.left += e.deltaY || e.deltaX; redraw(); }
  else { view.top += (e.deltaMode ? e.deltaY * 18 : e.deltaY) / view.scale; view.left += e.deltaX; redraw(); }
}, { passive: false });
let scrub = false;
const scrubTo = e => goToTime(e.offsetY / mapCanvas.clientHeight * END);
mapCanvas.addEventListener('pointerdown', e => { scrub = true; mapCanvas.setPointerCapture(e.pointerId); scrubTo(e); });
mapCanvas.addEventListener('pointermove', e => { if (scrub) scrubTo(e); });
mapCanvas.addEventListener('pointerup', () => { scrub = false; });
function sideWidth(px) { $('side').style.width = Math.max(240, Math.min(innerWidth * .7, px)) + 'px'; redraw(); }
let resizing = false;
$('split').addEventListener('pointerdown', e => { resizing = true; $('split').setPointerCapture(e.pointerId); });
$('split').addEventListener('pointermove', e => { if (resizing) sideWidth(innerWidth - e.clientX); });
$('split').addEventListener('pointerup', () => { resizing = false; });

// --- buttons ---
for (const t of ['event', 'list', 'run']) $('tab-' + t).addEventListener('click', () => show(t));
$('list').addEventListener('scroll', listPane, { passive: true });
$('theme').addEventListener('click', () => theme(true));
$('help-open').addEventListener('click', () => $('help').showModal());
$('filters-open').addEventListener('click', toggleFilters);
$('scale-rows').addEventListener('click', () => scaleTo('rows'));
$('scale-time').addEventListener('click', () => scaleTo('time'));
$('zoom-in').addEventListener('click', () => zoom(1.4, HEAD + bodyH() / 2));
$('zoom-out').addEventListener('click', () => zoom(1 / 1.4, HEAD + bodyH() / 2));
$('zoom-all').addEventListener('click', zoomAll);
let typing = 0;
$('q').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(find, 200); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => theme(false));
addEventListener('resize', redraw);
new ResizeObserver(redraw).observe(stage);

// --- the start ---
function alarm() {
  const v = D.violations[0];
  $('verdict').textContent = v ? `FAILED: ${D.violations.length} ${D.violations.length > 1 ? 'violations' : 'violation'}` : 'ok: every invariant holds';
  $('verdict').classList.toggle('bad', Boolean(v));
  $('run').textContent = `seed ${D.seed}` + (D.title ? `, ${D.title}` : '') + `, ${secs(D.simulated_us)} s, ${N} events` + (D.quirks.length ? `, planted: ${D.quirks.join(', ')}` : '');
  if (!v) return;
  $('alarm').hidden = false;
  $('alarm').replaceChildren(el('h1', {}, `${v.invariant} is violated`), el('p.what', {}, v.what),
    act('Show it ( f )', () => pick(Math.min(N - 1, v.event))), el('p.must', {}, 'Must hold: ' + v.sentence));
}
function start() {
  const began = performance.now();
  try { document.documentElement.dataset.choice = localStorage.getItem('locospec-theme') || 'system'; } catch { /* as the system */ }
  $('keys').replaceChildren(...KEYS.map(([k, text]) => el('tr', {}, el('th', {}, k.split(' ').map(x => [el('kbd', {}, x), ' '])), el('td', {}, text))));
  $('legend').replaceChildren(...LEGEND.map(([sign, text, colour]) => { const th = el('th', {}, sign); if (colour) th.style.color = `var(--${colour})`; return el('tr', {}, th, el('td', {}, text)); }));
  // With very many clients the page begins with a few, and with those that the first violation speaks of.
  if (D.lanes.length > LANES_FIRST) filter.lanes = new Set(D.lanes.map((_, i) => i).filter(i => D.lanes[i].kind !== 'client' || i < LANES_FEW));
  if (D.violations.length && D.lanes.length > LANES_FIRST) filter.lanes = new Set([...filter.lanes].filter(i => D.lanes[i].kind !== 'client'));
  refilter(); alarm(); theme(false); runPane(); status(); layout();
  const named = /^#e(\d+)$/.exec(location.hash);
  if (named && Number(named[1]) < N) pick(Number(named[1]));
  else if (D.violations.length && N) pick(Math.min(N - 1, D.violations[0].event));
  else { eventPane(-1); show('run'); }
  draw();
  document.documentElement.dataset.ready = (performance.now() - began).toFixed(1);
  document.documentElement.dataset.loaded = performance.now().toFixed(1);
}
// For tests and measurements: how long drawing what the window shows takes, in milliseconds, and where an arrow is.
document.addEventListener('locospec-measure', () => {
  draw();
  const data = document.documentElement.dataset, inside = (x, y) => x > GUTTER && x < view.w && y > HEAD + 10 && y < view.h - 10;
  const arrow = hits.find(h => K[h.i] === '>' && h.x1 !== h.x2 && inside(h.x1, h.y1) && inside(h.x2, h.y2));
  data.draw = lastDraw.toFixed(2);
  data.arrow = arrow ? [arrow.x1 + (arrow.x2 - arrow.x1) * .3, arrow.y1 + (arrow.y2 - arrow.y1) * .3, arrow.i, method(arrow.i)].join(' ') : '';
});
start();
