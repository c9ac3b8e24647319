// The panes beside the timeline: one event in full, all events as a list, the run, and the filters.
const $ = id => document.getElementById(id);
// An element: its name with classes, its attributes, its children; texts are texts, never markup.
function el(name, attrs, ...children) {
  const [tag, ...classes] = name.split('.'), e = document.createElement(tag);
  if (classes.length) e.className = classes.join(' ');
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, ''); else if (v !== false && v != null) e.setAttribute(k, v);
  }
  for (const c of children.flat(9)) if (c != null && c !== false) e.append(c);
  return e;
}
const act = (text, does, more) => el('button', { type: 'button', onclick: does, ...more }, text);

// --- one event ---
function eventPane(i) {
  const pane = $('pane-event');
  if (i < 0) { pane.replaceChildren(el('p.note', {}, 'Click an arrow or a mark, or press n for the first event.')); return; }
  const parts = K[i] === 'v' ? violationParts(i) : isPacket(i) ? packetParts(i) : otherParts(i);
  pane.replaceChildren(...parts.flat(9).filter(Boolean));
  pane.scrollTop = 0;
}
const place = i => `event ${i} at ${secs(at[i])} s, ${laneName(E.lane[i])}`;
function steps(i) {
  return el('div.acts', {},
    E.peer[i] >= 0 && act(K[i] === '>' ? 'Where it arrives' : 'Where it was sent', () => pick(E.peer[i])),
    answerOf(i) >= 0 && act(wayOf(i) === 'up' ? 'Its reply' : 'Its request', () => pick(answerOf(i))),
    E.link[i] >= 0 && act(filter.link === E.link[i] ? 'All connections' : 'Only this connection', () => { filter.link = filter.link === E.link[i] ? -1 : E.link[i]; changed(i); }),
    E.room[i] >= 0 && act(filter.room === E.room[i] ? 'All rooms' : 'Only room ' + E.room[i], () => { filter.room = filter.room === E.room[i] ? -1 : E.room[i]; changed(i); }));
}
// The reply to a request, or the request of a reply: the same connection, id and method, the other way.
function answerOf(i) {
  if (!isPacket(i) || E.id[i] === 0 || E.link[i] < 0) return -1;
  const forward = wayOf(i) === 'up', step = forward ? 1 : -1;
  for (let k = i + step; k >= 0 && k < N; k += step) {
    if (E.link[k] === E.link[i] && K[k] === '>' && E.id[k] === E.id[i] && E.name[k] === E.name[i] && (wayOf(k) === 'up') !== forward) return k;
    if (Math.abs(k - i) > 200000) break;
  }
  return -1;
}
function packetParts(i) {
  const s = sender(i), other = otherLane(i), link = D.links[E.link[i]], up = wayOf(i);
  const [from, to] = K[i] === '>' ? [E.lane[i], other] : [other, E.lane[i]];
  const arrived = K[i] === '>' ? E.peer[i] : i;
  const rows = [
    ['what', up === 'up' ? 'request' : up === 'push' ? 'push' : 'reply'],
    E.status[i] !== NONE && ['status', [String(E.status[i]), meaningOf({ value: E.status[i] }, { enum: 'status' })]],
    ['sent', K[s] === '>' ? secs(at[s]) + ' s' : 'not seen'],
    ['received', arrived >= 0 ? secs(at[arrived]) + ' s' + (K[s] === '>' && s !== arrived ? ', ' + ((at[arrived] - at[s]) / 1e3).toFixed(0) + ' ms later' : '') : el('b.bad', {}, 'never: it was lost on the way, or its reader was gone')],
    link && ['connection', `${laneName(link.from)} c${link.client} ↔ ${laneName(link.to)} c${link.conn >= 0 ? link.conn : '?'}, ${link.door}, ` + (link.era === 'plain' ? 'without a cipher' : 'era ' + link.era)],
    E.room[i] >= 0 && ['room', String(E.room[i])],
  ];
  return [
    el('h2', { class: E.status[i] !== NONE && E.status[i] < 0 ? 'bad' : null }, title(i)),
    M.methods[method(i)] && el('p.title', {}, M.methods[method(i)].title),
    el('p.where', {}, `${laneName(from)} → ${laneName(to)} · ${place(i)}`),
    steps(i), tableOf(rows), bytesParts(i),
  ];
}
const tableOf = rows => el('table', {}, el('tbody', {}, rows.filter(Boolean).map(([k, v]) => el('tr', {}, el('th', { scope: 'row' }, k), el('td', {}, v)))));
function bytesParts(i) {
  let plain = null;
  try { plain = plainOf(i); } catch { /* shown as missing */ }
  if (!plain) return [el('h3', {}, 'Bytes'), el('p.note', {}, 'The bytes of this packet were left out. ' + D.left_out)];
  const h = header(plain), out = [];
  out.push(el('h3', {}, 'Header'), el('div', { id: 'header' }, tableOf([
    ['packet id', String(h.id)], ['status', String(h.status)], ['method', el('code', {}, h.method)],
    ['body type', h.type + (h.type === 0 ? ' (BSON)' : '')], ['body length', h.len + ' bytes'],
  ])));
  out.push(el('h3', {}, 'Body'));
  try { out.push(el('div.tree', { id: 'body' }, tree(readDocument(plain, 22), 0, name => formOf(i)[name]))); } catch (e) { out.push(el('p.bad', {}, 'This is no BSON: ' + e.message)); }
  const sealed = sealedOf(i), link = D.links[E.link[i]];
  const cipher = link && link.era === 'plain' ? [el('p.note', {}, 'This connection has no cipher: the plain bytes went as they are.')]
    : sealed ? [el('pre', { tabindex: 0 }, dump(sealed, 4096))] : [el('p.note', {}, E.at[sender(i)] >= 0 && !D.left_out ? 'It never went on the wire.' : 'The sealed bytes were left out, or never went on the wire.')];
  out.push(el('div.dumps', {},
    el('div', {}, el('h3', {}, `Plain, ${plain.length} bytes`), el('pre', { id: 'plain', tabindex: 0 }, dump(plain, 4096))),
    el('div', { id: 'sealed' }, el('h3', {}, sealed ? `Sealed, ${sealed.length} bytes` : 'Sealed'), cipher)));
  return out;
}
// What the catalogue knows of the fields of a packet: by the form of it, then by name.
const M = D.meanings;
function formOf(i) {
  const known = M.methods[method(i)] || {}, way = wayOf(i);
  return (way === 'up' ? (E.id[i] === 0 && known.receipt) || known.request : way === 'push' ? known.push : known.reply) || {};
}
// Each element of an array is what the array is of; it does not say so again.
const knownIn = (k, array) => (array ? () => k && { ...k, means: '' } : name => ((k && M.types[k.type]) || {})[name]);
const meaningOf = (f, k) => { const said = k && k.enum && (M.enums[k.enum] || {})[String(f.value)]; return said && el('span.value', {}, ' = ' + said); };
function tree(fields, depth, known) {
  return el('ul', {}, fields.map(f => {
    const k = known(f.name), name = [el('b', {}, f.name), ': '], means = k && k.means && el('span.means', {}, k.means);
    if (f.type === 'document' || f.type === 'array') {
      const array = f.type === 'array';
      if (!f.value.length) return el('li', {}, name, array ? '[ ]' : '{ }', means);
      return el('li', {}, el('details', { open: depth < 3 && f.value.length < 60 }, el('summary', {}, name, el('i', {}, `${f.type} of ${f.value.length}`), means), tree(f.value, depth + 1, knownIn(k, array))));
    }
    return el('li', {}, name, scalar(f), meaningOf(f, k), means);
  }));
}
function scalar(f) {
  if (f.type === 'string') {
    const text = f.value.length > 600 ? f.value.slice(0, 600) + `… (${f.value.length} characters)` : f.value;
    return el('span.str', {}, JSON.stringify(text));
  }
  if (f.type === 'binary') return ['$binary ', el('span.num', {}, hexOf(f.value.subarray(0, 48)) + (f.value.length > 48 ? '…' : '')), el('i', {}, ` ${f.value.length} bytes, subtype ${f.sub}`)];
  if (f.type === 'date') return [el('span.num', {}, new Date(Number(f.value)).toISOString()), el('i', {}, ' date')];
  return [el('span.num', {}, String(f.value)), el('i', {}, ' ' + f.type)];
}
function otherParts(i) {
  const what = { f: 'Fault', a: 'A user wants', e: 'A client tells', s: 'Server', l: 'Connection', b: 'Bytes on the wire' }[K[i]];
  const parts = [el('h2', {}, what), el('p.where', {}, place(i)), steps(i)];
  if (K[i] === 'b') {
    const text = D.wire[i];
    parts.push(text === undefined ? el('p.note', {}, 'These bytes were left out. ' + D.left_out) : el('pre', { tabindex: 0 }, dump(fromBase64(text), 8192)));
    return parts;
  }
  parts.push(el('pre.wrap', {}, pretty(D.texts[E.name[i]])));
  const band = D.bands.find(b => b.from === i || b.to === i);
  if (band) parts.push(tableOf([['fault', band.label], ['from', secs(at[band.from]) + ' s'], ['to', secs(at[band.to]) + ' s'], ['over', band.lanes.map(laneName).join(', ')]]),
    el('div.acts', {}, band.to !== band.from && act(band.from === i ? 'Where it ends' : 'Where it begins', () => pick(band.from === i ? band.to : band.from))));
  return parts;
}
// `Name { a: 1, b: [..] }` over several lines.
function pretty(text) {
  if (text.length < 60) return text;
  let out = '', depth = 0, quoted = false;
  for (let k = 0; k < text.length; k++) {
    const c = text[k];
    if (c === '"' && text[k - 1] !== '\\') quoted = !quoted;
    if (quoted) { out += c; continue; }
    if ('{[('.includes(c)) { depth++; out += c + '\n' + '  '.repeat(depth); if (text[k + 1] === ' ') k++; }
    else if ('}])'.includes(c)) { depth = Math.max(0, depth - 1); out = out.replace(/\s+$/, '') + '\n' + '  '.repeat(depth) + c; }
    else if (c === ',' && depth) { out += ',\n' + '  '.repeat(depth); if (text[k + 1] === ' ') k++; }
    else out += c;
  }
  return out;
}
function violationParts(i) {
  const n = D.violations.findIndex(v => v.event === i), v = D.violations[n];
  if (!v) return [el('h2.bad', {}, title(i)), el('p.where', {}, place(i))];
  return [
    el('div.charge', {}, el('h2.bad', {}, `${v.invariant} is violated`), el('p', {}, v.what), el('p.note', {}, 'Must hold: ' + v.sentence)),
    el('p.where', {}, place(i)),
    D.violations.length > 1 && el('div.acts', {}, act('Violation before', () => pick(D.violations[n - 1].event), { disabled: n === 0 }), act('Next violation', () => pick(D.violations[n + 1].event), { disabled: n === D.violations.length - 1 }), el('span.note', {}, `${n + 1} of ${D.violations.length}`)),
    el('h3', {}, 'The events it speaks of'), aboutList(v.about),
  ];
}
// A packet is one line, by where it was sent.
const aboutList = all => aboutRows([...new Set(all.map(sender))].sort((a, b) => a - b));
const aboutRows = seqs => el('ul.about', {}, seqs.map(s => el('li', {}, el('button', { type: 'button', class: kindClass(s), onclick: () => pick(s) },
  el('span.t', {}, secs(at[s])), el('span.l', {}, laneName(E.lane[s])), el('span.x', {}, isPacket(s) ? line(s) : short(s, K[s] === 'v' ? 300 : 88))))));

// --- the list: only the rows in the window exist ---
const LINE = 22;
function listPane() {
  const list = $('list'), rows = $('rows');
  // A browser takes no element of more than some million pixels: beyond that the list scrolls in proportion.
  const tall = Math.min(vis.length * LINE, 8e6), ratio = vis.length * LINE / Math.max(1, tall);
  rows.style.height = tall + 'px';
  const first = Math.max(0, Math.floor(list.scrollTop * ratio / LINE) - 8), count = Math.ceil(list.clientHeight / LINE) + 16;
  const out = [];
  for (let k = first; k < Math.min(vis.length, first + count); k++) {
    const i = vis[k];
    const row = el('div.row', { id: 'row-' + i, role: 'option', 'aria-selected': String(i === view.picked), 'aria-posinset': k + 1, 'aria-setsize': vis.length, onclick: () => pick(i, true) },
      el('span.t', {}, secs(at[i])), el('span.l', {}, laneName(E.lane[i])), el('span.x', {}, line(i)));
    row.classList.add(kindClass(i));
    row.style.top = (k * LINE - list.scrollTop * ratio + list.scrollTop) + 'px';
    out.push(row);
  }
  rows.replaceChildren(...out);
  if (view.picked >= 0) list.setAttribute('aria-activedescendant', 'row-' + view.picked); else list.removeAttribute('aria-activedescendant');
}
function listTo(i) {
  const list = $('list'), tall = Math.min(vis.length * LINE, 8e6), ratio = vis.length * LINE / Math.max(1, tall);
  const y = placeOf(i) * LINE / ratio;
  if (y < list.scrollTop || y > list.scrollTop + list.clientHeight - LINE) list.scrollTop = y - list.clientHeight / 2;
  listPane();
}

// --- the run ---
function runPane() {
  const sent = [...K].filter(k => k === '>').length;
  $('pane-run').replaceChildren(...[
    el('h2', {}, `Seed ${D.seed}` + (D.title ? ': ' + D.title : '')),
    el('p', {}, D.parameters),
    el('div.cmd', {}, el('code', {}, D.replay), act('Copy', e => { const b = e.target; navigator.clipboard?.writeText(D.replay).then(() => { b.textContent = 'Copied'; }, () => { b.textContent = 'Select it by hand'; }); })),
    el('h3', {}, 'What came of it'),
    tableOf([
      ['verdict', D.violations.length ? el('b.bad', {}, `${D.violations.length} violations`) : 'every invariant holds'],
      ['simulated', secs(D.simulated_us) + ' s'], ['mended at', secs(D.heal_us) + ' s'],
      ['all was well', D.converged_us < 0 ? 'never' : secs(D.converged_us) + ' s after that'],
      ['events', `${N}, of them ${sent} packets sent`], ['connections', String(D.links.length)],
      ['trace', el('code', {}, D.hash)], ['written by', 'locospec ' + D.version],
    ]),
    D.violations.length > 0 && [el('h3', {}, 'What did not hold'), el('ul.about', {}, D.violations.map(v => el('li', {}, el('button.k-v', { type: 'button', onclick: () => pick(v.event) }, el('span.t', {}, v.event < N ? secs(at[v.event]) : ''), el('span.x', {}, v.invariant + ': ' + v.what)))))],
    D.left_out && [el('h3', {}, 'What was left out'), el('p.note', {}, D.left_out)],
    el('h3', {}, 'Faults'),
    D.bands.length ? el('ul.about', {}, D.bands.map(b => el('li', {}, el('button', { type: 'button', onclick: () => pick(b.from) }, el('span.t', {}, secs(at[b.from])), el('span.x', {}, b.label))))) : el('p.note', {}, 'None.'),
    el('h3', {}, 'The scenario'), el('pre.yaml', { tabindex: 0 }, D.scenario),
    el('h3', {}, 'How often things happened'), tableOf(D.evidence.filter(e => e[1]).map(([k, n]) => [k, String(n)])),
  ].flat(9).filter(Boolean));
}

// --- filters ---
function filterPane() {
  const counts = new Map(), rooms = new Map();
  for (let i = 0; i < N; i++) {
    if (K[i] === '>') counts.set(method(i), (counts.get(method(i)) || 0) + 1);
    if (E.room[i] >= 0) rooms.set(E.room[i], (rooms.get(E.room[i]) || 0) + 1);
  }
  const box = (set, value, text, small) => el('label', {}, el('input', { type: 'checkbox', checked: set.has(value), onchange: e => { if (e.target.checked) set.add(value); else set.delete(value); changed(view.picked); } }), ' ', text, small != null && el('small', {}, ' ' + small));
  const all = (set, values) => el('span.some', {}, act('all', () => { values.forEach(v => set.add(v)); changed(view.picked); filterPane(); }, { class: 'text' }), act('none', () => { set.clear(); changed(view.picked); filterPane(); }, { class: 'text' }));
  const methods = [...D.methods].sort(), lanes = D.lanes.map((_, i) => i);
  $('filters').replaceChildren(
    el('fieldset', {}, el('legend', {}, 'Kinds'), KINDS.map(([k, text]) => box(filter.kinds, k, text))),
    el('fieldset', {}, el('legend', {}, 'Lanes'), all(filter.lanes, lanes), el('div.many', {}, lanes.map(l => box(filter.lanes, l, D.lanes[l].name, D.lanes[l].host === D.lanes[l].name ? null : D.lanes[l].host)))),
    el('fieldset', {}, el('legend', {}, 'Methods'), all(filter.methods, methods), el('div.many', {}, methods.map(m => box(filter.methods, m, m, counts.get(m) || 0)))),
    el('fieldset', {}, el('legend', {}, 'Room'), el('select', { id: 'room', 'aria-label': 'Room', onchange: e => { filter.room = Number(e.target.value); changed(view.picked); } },
      el('option', { value: -1, selected: filter.room < 0 }, 'any'), [...rooms].sort((a, b) => a[0] - b[0]).map(([r, n]) => el('option', { value: r, selected: filter.room === r }, `${r} (${n})`))),
      filter.link >= 0 && el('p', {}, act('Show all connections', () => { filter.link = -1; changed(view.picked); filterPane(); }))),
    el('fieldset', {}, el('legend', {}, 'Everything'), act('Reset', () => { resetFilter(); changed(view.picked); filterPane(); })));
}
function resetFilter() {
  filter.kinds = new Set(KINDS.map(k => k[0]).filter(k => k !== 'b'));
  filter.lanes = new Set(D.lanes.map((_, i) => i));
  filter.methods = new Set(D.methods.filter(m => !BEATS.has(m)));
  filter.room = filter.link = -1;
}
