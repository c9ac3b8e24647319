// The run as the page has it: events in columns, what is shown of them, and bytes that can be read.
'use strict';
const D = JSON.parse(document.getElementById('data').textContent);
const E = D.events, N = E.dt.length, NONE = -2147483648;
const K = E.kind;
const at = new Float64Array(N);
for (let i = 0, t = 0; i < N; i++) at[i] = t += E.dt[i];
const END = Math.max(D.simulated_us, N ? at[N - 1] : 0, 1);
const KINDS = [
  ['>', 'packets sent'], ['<', 'packets received'], ['a', 'actions of users'], ['e', 'what clients tell'],
  ['s', 'life of servers'], ['l', 'connections'], ['f', 'faults'], ['v', 'violations'], ['b', 'bytes on the wire'],
];
const BEATS = new Set(['PING']);

const secs = us => (us / 1e6).toFixed(3);
const isPacket = i => K[i] === '>' || K[i] === '<';
const method = i => D.methods[E.name[i]];
const laneName = l => (l >= 0 && D.lanes[l] ? D.lanes[l].name : '?');
const sender = i => (K[i] === '<' && E.peer[i] >= 0 ? E.peer[i] : i);
const isServer = l => l >= 0 && D.lanes[l] && D.lanes[l].kind === 'server';
// Up: from a client. A push comes from the server and has no id.
function wayOf(i) {
  const fromServer = isServer(E.lane[i]) === (K[i] === '>');
  return !fromServer ? 'up' : E.id[i] === 0 ? 'push' : 'down';
}
// The lane at the other end of a packet, as far as the connection says.
function otherLane(i) {
  if (E.peer[i] >= 0) return E.lane[E.peer[i]];
  const link = D.links[E.link[i]];
  if (!link) return -1;
  return isServer(E.lane[i]) ? link.from : link.to;
}
// A packet that was sent and that nobody received.
const isLost = i => K[i] === '>' && E.peer[i] < 0;

// Faults in words instead of as data.
const bandTexts = new Map();
for (const b of D.bands) {
  if (!D.texts[E.name[b.from]].startsWith('begins: ')) continue;
  bandTexts.set(b.from, (b.from === b.to ? '' : 'begins: ') + b.label);
  if (b.to !== b.from && D.texts[E.name[b.to]].startsWith('ends: ')) bandTexts.set(b.to, 'ends: ' + b.label);
}

function title(i) {
  if (isPacket(i)) {
    const status = E.status[i] !== NONE && E.status[i] !== 0 ? ' status ' + E.status[i] : '';
    return method(i) + (E.id[i] ? ' #' + E.id[i] : '') + status;
  }
  if (K[i] === 'b') return E.len[i] + ' bytes';
  const text = bandTexts.get(i) ?? D.texts[E.name[i]];
  return { f: 'FAULT ', a: 'DO ', v: 'VIOLATION ' }[K[i]] ? { f: 'FAULT ', a: 'DO ', v: 'VIOLATION ' }[K[i]] + text : text;
}
// One line for lists.
function line(i) {
  if (!isPacket(i)) return title(i);
  const other = laneName(otherLane(i));
  const arrow = K[i] === '>' ? (isLost(i) ? '→✕ ' : '→ ') : '← ';
  return arrow + title(i) + '  ' + E.len[i] + ' B' + (K[i] === '>' ? ' to ' : ' from ') + other;
}
const kindClass = i => (isPacket(i) ? 'k-' + wayOf(i) : 'k-' + K[i]);

// --- what is shown ---
const filter = {
  kinds: new Set(KINDS.map(k => k[0]).filter(k => k !== 'b')),
  lanes: new Set(D.lanes.map((_, i) => i)),
  methods: new Set(D.methods.filter(m => !BEATS.has(m))),
  room: -1, link: -1,
};
let vis = new Int32Array(0);
const rank = new Int32Array(N + 1);
let maskAbout = new Set();

function passes(i) {
  if (K[i] === 'v') return filter.kinds.has('v');
  if (!filter.kinds.has(K[i])) return false;
  if (filter.link >= 0 && E.link[i] !== filter.link && K[i] !== 'f') return false;
  if (isPacket(i)) {
    if (!filter.methods.has(method(i))) return false;
    // An arrow shows when either of its ends does.
    if (!filter.lanes.has(E.lane[i]) || (isServer(E.lane[i]) && otherLane(i) >= 0 && !filter.lanes.has(otherLane(i)))) return false;
  } else if (K[i] !== 'f' && !filter.lanes.has(E.lane[i])) return false;
  if (isServer(E.lane[i]) && E.link[i] >= 0 && D.links[E.link[i]].from >= 0 && !filter.lanes.has(D.links[E.link[i]].from)) return false;
  if (filter.room >= 0 && E.room[i] !== filter.room && K[i] !== 'f' && K[i] !== 's') return false;
  return true;
}
function refilter() {
  const out = new Int32Array(N);
  let n = 0;
  for (let i = 0; i < N; i++) {
    rank[i] = n;
    if (passes(i) || maskAbout.has(i)) out[n++] = i;
  }
  rank[N] = n;
  vis = out.slice(0, n);
}
// The first place in `vis` whose event is `seq` or later.
const placeOf = seq => rank[Math.max(0, Math.min(N, seq))];
function firstAtTime(us) {
  let lo = 0, hi = N;
  while (lo < hi) { const mid = (lo + hi) >> 1; if (at[mid] < us) lo = mid + 1; else hi = mid; }
  return lo;
}

// --- bytes ---
function fromBase64(text) {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}
// Header and body of a packet, from whichever end has them.
function plainOf(i) {
  const text = D.plain[i] ?? D.plain[E.peer[i]];
  return text === undefined ? null : fromBase64(text);
}
const streams = new Map();
function streamOf(line) {
  if (!streams.size) {
    for (let i = 0; i < N; i++) {
      if (K[i] !== 'b' || E.link[i] < 0) continue;
      const key = E.link[i] + (isServer(E.lane[i]) ? 'd' : 'u');
      let s = streams.get(key);
      if (!s) streams.set(key, s = { seqs: [], starts: [], len: 0 });
      s.seqs.push(i); s.starts.push(s.len); s.len += E.len[i];
    }
  }
  return streams.get(line);
}
// The sealed bytes of a packet, gathered from the writes that carried them; null where some are missing.
function sealedOf(i) {
  const s = sender(i);
  if (E.at[s] < 0) return null;
  const stream = streamOf(E.link[s] + (isServer(E.lane[s]) ? 'd' : 'u'));
  if (!stream) return null;
  const from = E.at[s], to = from + E.size[s], out = new Uint8Array(E.size[s]);
  let got = 0;
  for (let k = 0; k < stream.seqs.length; k++) {
    const start = stream.starts[k], end = start + E.len[stream.seqs[k]];
    if (end <= from || start >= to) continue;
    const text = D.wire[stream.seqs[k]];
    if (text === undefined) return null;
    const bytes = fromBase64(text), a = Math.max(from, start), b = Math.min(to, end);
    out.set(bytes.subarray(a - start, b - start), a - from);
    got += b - a;
  }
  return got === 0 ? null : out.subarray(0, got);
}

// --- BSON ---
const utf8 = new TextDecoder('utf-8', { fatal: false });
function readDocument(bytes, start) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = start + view.getInt32(start, true) - 1;
  if (end >= bytes.length || end < start + 4) throw new RangeError('a document of an impossible length');
  const fields = [];
  let p = start + 4;
  const cstring = () => { const from = p; while (bytes[p] !== 0) { if (++p > end) throw new RangeError('a name without an end'); } return utf8.decode(bytes.subarray(from, p++)); };
  while (p < end) {
    const type = bytes[p++], name = cstring(), value = readValue(bytes, view, type, p);
    fields.push({ name, ...value });
    p += value.size;
  }
  return fields;
}
function readValue(bytes, view, type, p) {
  const doc = () => view.getInt32(p, true);
  switch (type) {
    case 0x01: return { type: 'double', value: view.getFloat64(p, true), size: 8 };
    case 0x02: { const n = view.getInt32(p, true); return { type: 'string', value: utf8.decode(bytes.subarray(p + 4, p + 3 + n)), size: 4 + n }; }
    case 0x03: return { type: 'document', value: readDocument(bytes, p), size: doc() };
    case 0x04: return { type: 'array', value: readDocument(bytes, p), size: doc() };
    case 0x05: { const n = view.getInt32(p, true); return { type: 'binary', sub: bytes[p + 4], value: bytes.subarray(p + 5, p + 5 + n), size: 5 + n }; }
    case 0x07: return { type: 'objectId', value: hexOf(bytes.subarray(p, p + 12)), size: 12 };
    case 0x08: return { type: 'bool', value: bytes[p] === 1, size: 1 };
    case 0x09: return { type: 'date', value: view.getBigInt64(p, true), size: 8 };
    case 0x06: case 0x0a: return { type: 'null', value: null, size: 0 };
    case 0x10: return { type: 'int32', value: view.getInt32(p, true), size: 4 };
    case 0x11: case 0x12: return { type: 'int64', value: view.getBigInt64(p, true), size: 8 };
    default: throw new RangeError('a value of type 0x' + type.toString(16));
  }
}
const hexOf = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
function header(bytes) {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    id: v.getUint32(0, true), status: v.getInt16(4, true), method: utf8.decode(bytes.subarray(6, 17)).replace(/\0+$/, ''),
    type: bytes[17], len: v.getUint32(18, true),
  };
}
function dump(bytes, max) {
  const out = [], n = Math.min(bytes.length, max);
  for (let p = 0; p < n; p += 16) {
    let hex = '', text = '';
    for (let k = 0; k < 16; k++) {
      if (p + k < n) {
        const b = bytes[p + k];
        hex += b.toString(16).padStart(2, '0') + ' ';
        text += b >= 32 && b < 127 ? String.fromCharCode(b) : '.';
      } else hex += '   ';
      if (k === 7) hex += ' ';
    }
    out.push(p.toString(16).padStart(4, '0') + '  ' + hex + ' ' + text);
  }
  if (n < bytes.length) out.push('… ' + (bytes.length - n) + ' more bytes');
  return out.join('\n');
}

// --- search ---
// Words that all must be there: in the method, the text, the lane, `room:7000`, `#12`, or in the packet's bytes.
function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  for (let k = 0; k < vis.length; k++) {
    const i = vis[k];
    const text = (line(i) + ' ' + laneName(E.lane[i]) + (E.room[i] >= 0 ? ' room:' + E.room[i] : '')).toLowerCase();
    let body = null;
    if (words.every(w => text.includes(w) || (isPacket(i) && w.length > 2 && (body ??= bodyText(i)).includes(w)))) found.push(i);
  }
  return found;
}
const bodies = new Map();
function bodyText(i) {
  const s = D.plain[i] !== undefined ? i : E.peer[i];
  if (bodies.has(s)) return bodies.get(s);
  let text = '';
  try {
    const bytes = plainOf(i);
    if (bytes) text = flat(readDocument(bytes, 22)).toLowerCase();
  } catch { /* What cannot be read is not found. */ }
  bodies.set(s, text);
  return text;
}
const flat = fields => fields.map(f => f.name + ' ' + (Array.isArray(f.value) ? flat(f.value) : f.type === 'binary' ? '' : String(f.value))).join(' ');
