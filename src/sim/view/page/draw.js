// The timeline on a canvas: lanes, arrows, bands, dots; only what is in the window is drawn.
const stage = document.getElementById('stage'), canvas = document.getElementById('time'), ctx = canvas.getContext('2d');
const mapCanvas = document.getElementById('map'), mapCtx = mapCanvas.getContext('2d');
const HEAD = 44, GUTTER = 78, ROW = 19;
// `scale` is pixels for one row, or for one microsecond; `top` is a row, or microseconds.
const view = { mode: 'rows', top: 0, scale: ROW, left: 0, picked: -1, hover: -1, w: 0, h: 0, lane: 120 };
let C = {}, hits = [], laneX = [], shownLanes = [], dirty = false, lastDraw = 0;

function colours() {
  const css = getComputedStyle(document.documentElement);
  C = {};
  for (const name of ['paper', 'card', 'ink', 'soft', 'faint', 'line', 'grid', 'link', 'pick', 'up', 'down', 'push', 'bad', 'badpaper', 'warn', 'fault', 'faultink', 'server', 'life', 'note', 'mono', 'sans']) C[name] = css.getPropertyValue('--' + name).trim();
}
const total = () => (view.mode === 'rows' ? vis.length : END);
const posOf = i => (view.mode === 'rows' ? rank[i] : at[i]);
const yOf = i => HEAD + (posOf(i) - view.top) * view.scale + (view.mode === 'rows' ? view.scale / 2 : 0);
const bodyH = () => Math.max(50, view.h - HEAD);
const span = () => bodyH() / view.scale;

function clamp() {
  const least = bodyH() / Math.max(1, total()) * 0.9;
  const most = view.mode === 'rows' ? 40 : 0.05;
  view.scale = Math.max(Math.min(least, view.mode === 'rows' ? ROW : least), Math.min(most, view.scale));
  view.top = Math.max(-span() * 0.1, Math.min(total() - span() * 0.9, view.top));
  const wide = Math.max(0, shownLanes.length * view.lane + GUTTER - view.w);
  view.left = Math.max(0, Math.min(wide, view.left));
}
function layout() {
  const ratio = window.devicePixelRatio || 1;
  for (const [c, x] of [[canvas, ctx], [mapCanvas, mapCtx]]) {
    const w = c.clientWidth, h = c.clientHeight;
    if (c.width !== Math.round(w * ratio) || c.height !== Math.round(h * ratio)) { c.width = Math.round(w * ratio); c.height = Math.round(h * ratio); }
    x.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  view.w = canvas.clientWidth; view.h = canvas.clientHeight;
  shownLanes = D.lanes.map((_, i) => i).filter(i => filter.lanes.has(i));
  view.lane = Math.max(86, Math.min(260, (view.w - GUTTER) / Math.max(1, shownLanes.length)));
  laneX = [];
  shownLanes.forEach((l, k) => { laneX[l] = GUTTER + (k + 0.5) * view.lane; });
  clamp();
}
const xOf = lane => (laneX[lane] === undefined ? -1e6 : laneX[lane] - view.left);

function redraw() { if (!dirty) { dirty = true; requestAnimationFrame(draw); } }
function draw() {
  const began = performance.now();
  dirty = false;
  layout();
  hits = [];
  ctx.fillStyle = C.paper; ctx.fillRect(0, 0, view.w, view.h);
  ctx.save();
  ctx.beginPath(); ctx.rect(0, HEAD, view.w, view.h - HEAD); ctx.clip();
  drawRows(); drawLanes(); drawBands(); drawEvents();
  ctx.restore();
  drawHead();
  drawMap();
  lastDraw = performance.now() - began;
}
// The part of `vis` that may be in the window.
function range() {
  if (view.mode === 'rows') return [Math.max(0, Math.floor(view.top) - 2), Math.min(vis.length, Math.ceil(view.top + span()) + 2)];
  return [placeOf(firstAtTime(view.top - 1e5)), Math.min(vis.length, placeOf(firstAtTime(view.top + span())) + 2)];
}
function drawRows() {
  const [lo, hi] = range();
  ctx.font = '11px ' + C.mono; ctx.textBaseline = 'middle'; ctx.textAlign = 'right';
  ctx.fillStyle = C.card; ctx.fillRect(0, HEAD, GUTTER - 8, view.h);
  if (view.mode === 'time') {
    const step = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 6e7, 3e8, 6e8, 36e8].find(s => s * view.scale >= 26) || 36e8;
    for (let t = Math.max(0, Math.floor(view.top / step) * step); t < view.top + span(); t += step) {
      const y = HEAD + (t - view.top) * view.scale;
      ctx.fillStyle = C.grid; ctx.fillRect(GUTTER - 8, Math.round(y), view.w, 1);
      ctx.fillStyle = C.soft; ctx.fillText(step < 1e6 ? secs(t) : (t / 1e6).toFixed(0) + ' s', GUTTER - 14, y);
    }
  } else {
    let last = -1e9, lastY = -1e9;
    // Labels need some pixels each: rows between them are skipped.
    for (let k = lo; k < hi; k += Math.max(1, Math.floor(14 / view.scale))) {
      const i = vis[k], y = yOf(i);
      const gap = k > 0 ? at[i] - at[vis[k - 1]] : 0;
      if (gap > 1e6 && view.scale > 4) {
        // Time in which nothing shows: a dashed line with how long.
        ctx.strokeStyle = C.line; ctx.setLineDash([2, 4]); ctx.beginPath();
        ctx.moveTo(GUTTER - 8, Math.round(y - view.scale / 2) + .5); ctx.lineTo(view.w, Math.round(y - view.scale / 2) + .5); ctx.stroke(); ctx.setLineDash([]);
      }
      if (at[i] !== last && y - lastY >= 14) {
        ctx.fillStyle = C.soft; ctx.fillText(secs(at[i]), GUTTER - 14, y);
        last = at[i]; lastY = y;
      }
    }
  }
  for (const [i, colour] of [[view.picked, C.pick], [view.hover, C.grid]]) {
    if (i < 0 || view.mode !== 'rows') continue;
    ctx.fillStyle = colour; ctx.globalAlpha = i === view.picked ? .75 : 1;
    ctx.fillRect(GUTTER - 8, yOf(i) - Math.max(6, view.scale / 2), view.w, Math.max(12, view.scale)); ctx.globalAlpha = 1;
  }
}
function seqRange() {
  if (view.mode === 'time') return [firstAtTime(view.top), firstAtTime(view.top + span())];
  const a = vis[Math.max(0, Math.min(vis.length - 1, Math.floor(view.top)))] ?? 0;
  const b = vis[Math.max(0, Math.min(vis.length - 1, Math.ceil(view.top + span())))] ?? N;
  return [a, b];
}
function drawLanes() {
  ctx.lineWidth = 1;
  for (const l of shownLanes) {
    const x = xOf(l);
    if (x < GUTTER - view.lane || x > view.w + view.lane) continue;
    ctx.strokeStyle = isServer(l) ? C.server : C.life;
    ctx.lineWidth = isServer(l) ? 2 : 1;
    ctx.beginPath(); ctx.moveTo(Math.round(x) + .5, HEAD); ctx.lineTo(Math.round(x) + .5, view.h); ctx.stroke();
  }
  // Connections, as bars on the lane of their client.
  const [a, b] = seqRange();
  const [one] = [view.picked >= 0 ? E.link[view.picked] : -1];
  for (let n = 0; n < D.links.length; n++) {
    const link = D.links[n], to = link.closed < 0 ? N - 1 : Math.min(N - 1, link.closed);
    if (link.from < 0 || to < a || link.opened > b || laneX[link.from] === undefined) continue;
    const x = xOf(link.from), y1 = Math.max(HEAD - 5, yOf(Math.min(N - 1, link.opened))), y2 = Math.min(view.h + 5, yOf(to));
    const wide = link.door === 'carriage' ? 5 : 3;
    if (y2 - y1 < 1 && n !== one) continue;
    ctx.fillStyle = n === one ? C.link : C.life;
    ctx.fillRect(x - wide / 2, y1, wide, Math.max(2, y2 - y1));
  }
}
function drawBands() {
  const [a, b] = seqRange();
  const taken = [];
  ctx.font = '600 11px ' + C.sans; ctx.textBaseline = 'middle'; ctx.textAlign = 'left';
  for (const band of D.bands) {
    if (band.to < a - 1 || band.from > b + 1) continue;
    const y1 = Math.max(HEAD - 2, yOf(band.from)), y2 = Math.min(view.h + 2, yOf(band.to));
    const lanes = band.lanes.filter(l => laneX[l] !== undefined);
    const moment = band.from === band.to;
    for (const l of lanes) {
      const x = xOf(l) - view.lane / 2 + 2, w = view.lane - 4;
      if (x > view.w || x + w < GUTTER) continue;
      if (moment) {
        ctx.fillStyle = C.fault; ctx.fillRect(x, y1 - 1, w, 2);
        continue;
      }
      ctx.globalAlpha = .16; ctx.fillStyle = C.fault; ctx.fillRect(x, y1, w, Math.max(2, y2 - y1));
      if (y2 - y1 < 8) { ctx.globalAlpha = 1; continue; }
      // Stripes, so that it is not colour alone.
      ctx.globalAlpha = .28; ctx.strokeStyle = C.fault; ctx.lineWidth = 1;
      ctx.save(); ctx.beginPath(); ctx.rect(x, y1, w, Math.max(2, y2 - y1)); ctx.clip(); ctx.beginPath();
      const from = Math.floor((y1 - w) / 14) * 14;
      for (let y = from; y < y2; y += 14) { ctx.moveTo(x, y + w); ctx.lineTo(x + w, y); }
      ctx.stroke(); ctx.restore();
      ctx.globalAlpha = .8; ctx.strokeRect(x + .5, Math.round(y1) + .5, w - 1, Math.max(1, y2 - y1 - 1)); ctx.globalAlpha = 1;
    }
    if (lanes.length && !moment) {
      const x = Math.max(GUTTER, xOf(lanes[0]) - view.lane / 2 + 7);
      let y = Math.max(y1 + (view.mode === 'rows' && view.scale > 11 ? view.scale : 9), HEAD + 10);
      while (taken.some(t => Math.abs(t[0] - x) < 150 && Math.abs(t[1] - y) < 14)) y += 14;
      if (y < y2 + 8) { label(band.label, x, y, C.faultink); taken.push([x, y]); hits.push({ i: band.from, x1: x, y1: y, x2: x + 100, y2: y }); }
    }
  }
}
// Text with paper behind it, so that it reads on lines.
function label(text, x, y, colour) {
  ctx.fillStyle = C.paper; ctx.globalAlpha = .82;
  const w = ctx.measureText(text).width, left = ctx.textAlign === 'right' ? x - w : ctx.textAlign === 'center' ? x - w / 2 : x;
  ctx.fillRect(left - 2, y - 7, w + 4, 14);
  ctx.globalAlpha = 1; ctx.fillStyle = colour; ctx.fillText(text, x, y);
}
function drawEvents() {
  const [lo, hi] = range(), count = hi - lo;
  const every = Math.max(1, Math.floor(count / 2500));
  const words = view.mode === 'rows' ? view.scale >= 11 : count < 400;
  let lastText = -1e9;
  const later = [];
  for (let k = lo; k < hi; k++) {
    const i = vis[k], big = K[i] === 'v' || K[i] === 'f' || i === view.picked || maskAbout.has(i);
    if (every > 1 && !big && k % every) continue;
    if (K[i] === '>' || (K[i] === '<' && (E.peer[i] < 0 || rank[E.peer[i]] < lo || !passes(E.peer[i])))) {
      const speak = words && (view.mode === 'rows' || yOf(sender(i)) - lastText >= 13);
      if (speak) lastText = yOf(sender(i));
      arrow(sender(i), speak, count > 1500);
    } else if (K[i] !== '<') {
      if (big) later.push([i, words]); else { mark(i, words && (view.mode === 'rows' || yOf(i) - lastText >= 13)); if (words) lastText = yOf(i); }
    }
  }
  // Faults and violations are never left out; their words are, where they would lie on each other.
  let lastWords = -1e9;
  for (const [i, w] of later) {
    const speaks = (w || K[i] === 'v') && (yOf(i) - lastWords >= 13 || view.picked === i);
    if (speaks) lastWords = yOf(i);
    mark(i, speaks);
  }
  for (const i of maskAbout) if (rank[i] >= lo && rank[i] < hi) ring(i);
  if (view.picked >= 0) ring(view.picked, true);
}
function ring(i, picked) {
  const x = K[i] === 'v' || K[i] === 'f' ? xOf(0) : xOf(E.lane[i]), y = yOf(i);
  ctx.strokeStyle = picked ? C.ink : C.bad; ctx.lineWidth = picked ? 2 : 1.5;
  ctx.beginPath(); ctx.arc(x, y, picked ? 8 : 6.5, 0, 7); ctx.stroke();
}
function arrow(i, words, thin) {
  const from = E.lane[i], to = otherLane(i), way = wayOf(i), lost = E.peer[i] < 0 && K[i] === '>';
  const x1 = K[i] === '<' ? xOf(to) : xOf(from), y1 = yOf(i);
  let x2 = K[i] === '<' ? xOf(from) : xOf(to), y2 = E.peer[i] >= 0 ? yOf(E.peer[i]) : y1;
  if (x1 < -1e5 && x2 < -1e5) return;
  // Where the other end has no lane, or none that shows, the arrow is a stub.
  if (x2 < -1e5) { x2 = x1 + (isServer(from) ? 45 : -45); y2 = y1; } else if (x1 < -1e5) { x1 = x2 + (isServer(from) ? 45 : -45); }
  const bad = E.status[i] !== NONE && E.status[i] < 0, colour = lost || bad ? C.bad : C[way];
  if (lost) { x2 = x1 + (x2 - x1) * .45; y2 = y1 + Math.min(view.scale * .6, 12); if (view.mode === 'time') y2 = y1; }
  if (Math.max(x1, x2) < GUTTER || Math.min(x1, x2) > view.w) return;
  const mine = view.picked >= 0 && E.link[i] >= 0 && E.link[i] === E.link[view.picked];
  ctx.strokeStyle = ctx.fillStyle = colour; ctx.lineWidth = mine ? 2 : thin ? .7 : 1.2;
  ctx.globalAlpha = thin ? .45 : 1;
  if (lost || way === 'push') ctx.setLineDash(lost ? [3, 3] : [7, 2]);
  ctx.beginPath(); ctx.moveTo(x1, y1); ctx.lineTo(x2, y2); ctx.stroke(); ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (!thin) {
    ctx.beginPath(); ctx.arc(x1, y1, 2.2, 0, 7); ctx.fill();
    const a = Math.atan2(y2 - y1, x2 - x1);
    if (lost) {
      ctx.lineWidth = 2; ctx.beginPath();
      ctx.moveTo(x2 - 5, y2 - 5); ctx.lineTo(x2 + 5, y2 + 5); ctx.moveTo(x2 + 5, y2 - 5); ctx.lineTo(x2 - 5, y2 + 5); ctx.stroke();
    } else {
      ctx.beginPath(); ctx.moveTo(x2, y2); ctx.lineTo(x2 - 8 * Math.cos(a - .36), y2 - 8 * Math.sin(a - .36)); ctx.lineTo(x2 - 8 * Math.cos(a + .36), y2 - 8 * Math.sin(a + .36)); ctx.fill();
    }
  }
  if (words) {
    const right = x2 > x1;
    ctx.font = (mine ? '600 ' : '') + '11px ' + C.mono; ctx.textAlign = right ? 'left' : 'right'; ctx.textBaseline = 'middle';
    const text = title(i) + (way === 'push' ? ' push' : '') + (lost ? ', not received' : '');
    label(text, x1 + (right ? 9 : -9), y1 - (view.mode === 'rows' ? 1 : 0), colour);
  }
  hits.push({ i, x1, y1, x2, y2 });
}
function mark(i, words) {
  const k = K[i], wide = k === 'v' || k === 'f', x = wide ? xOf(0) : xOf(E.lane[i]), y = yOf(i);
  if (x < -1e5) return;
  const colour = { v: C.bad, f: C.warn, s: C.server, a: C.ink, e: C.note, l: C.faint, b: C.faint }[k] || C.note;
  ctx.fillStyle = ctx.strokeStyle = colour; ctx.lineWidth = 1.5;
  if (k === 'v') { ctx.globalAlpha = .9; ctx.fillRect(GUTTER - 8, y - .75, view.w, 1.5); ctx.globalAlpha = 1; }
  ctx.beginPath();
  if (view.mode === 'rows' && view.scale < 4 && k !== 'v') { ctx.fillRect(x - (k === 'f' ? 6 : 3), y - 1, k === 'f' ? 12 : 6, 2); }
  else if (k === 'v') { ctx.moveTo(x, y - 7); ctx.lineTo(x + 7, y + 5); ctx.lineTo(x - 7, y + 5); ctx.closePath(); ctx.fill(); }
  else if (k === 'f') { ctx.moveTo(x, y - 6); ctx.lineTo(x + 6, y); ctx.lineTo(x, y + 6); ctx.lineTo(x - 6, y); ctx.closePath(); ctx.fill(); }
  else if (k === 's') { ctx.fillRect(x - 5, y - 3, 10, 6); }
  else if (k === 'a') { ctx.moveTo(x - 5, y - 5); ctx.lineTo(x + 5, y); ctx.lineTo(x - 5, y + 5); ctx.closePath(); ctx.fill(); }
  else if (k === 'e') { ctx.arc(x, y, 4, 0, 7); ctx.fillStyle = C.paper; ctx.fill(); ctx.stroke(); }
  else { ctx.arc(x, y, 2.5, 0, 7); ctx.fill(); }
  if (words) {
    ctx.font = (wide || k === 's' ? '600 ' : '') + '11px ' + C.sans; ctx.textBaseline = 'middle';
    const text = short(i, wide ? 150 : 64), width = ctx.measureText(text).width + 14;
    const left = x + width > view.w && x - GUTTER > view.w - x;
    ctx.textAlign = left ? 'right' : 'left';
    label(text, x + (left ? -10 : 10), y, colour === C.faint ? C.soft : colour);
  }
  hits.push({ i, x1: x, y1: y, x2: x + (words ? 60 : 0), y2: y });
}
function short(i, max) {
  const text = title(i).replace(/ \{ /, ' ').replace(/^Message\(Message/, 'Message').replace(/[{}]/g, '');
  return text.length > max ? text.slice(0, max - 1) + '…' : text;
}
function drawHead() {
  ctx.fillStyle = C.paper; ctx.fillRect(0, 0, view.w, HEAD);
  ctx.fillStyle = C.line; ctx.fillRect(0, HEAD - 1, view.w, 1);
  ctx.textBaseline = 'middle'; ctx.textAlign = 'center';
  let host = null;
  for (const l of shownLanes) {
    const x = xOf(l), lane = D.lanes[l];
    if (x < GUTTER - view.lane / 2 || x > view.w + view.lane / 2) { host = lane.host; continue; }
    if (lane.host !== host && lane.kind !== 'world') { ctx.fillStyle = C.line; ctx.fillRect(Math.round(x - view.lane / 2), 6, 1, view.h); }
    host = lane.host;
    ctx.font = (lane.kind === 'server' ? '700 ' : '600 ') + '12px ' + C.mono; ctx.fillStyle = C.ink;
    ctx.fillText(lane.kind === 'world' ? 'faults' : lane.name, x, lane.host === lane.name ? 22 : 15);
    if (lane.host !== lane.name) { ctx.font = '11px ' + C.sans; ctx.fillStyle = C.soft; ctx.fillText(lane.host, x, 31); }
  }
  ctx.fillStyle = C.paper; ctx.fillRect(0, 0, GUTTER - 8, HEAD - 1);
  ctx.font = '11px ' + C.sans; ctx.fillStyle = C.soft; ctx.textAlign = 'right'; ctx.fillText('seconds', GUTTER - 14, 22);
}

// --- the overview: the whole run, by time ---
let density = null;
function prepareMap() {
  density = { up: new Float32Array(600), down: new Float32Array(600), most: 1 };
  for (let k = 0; k < vis.length; k++) {
    const i = vis[k];
    if (K[i] !== '>') continue;
    const b = Math.min(599, Math.floor(at[i] / END * 600));
    density[wayOf(i) === 'up' ? 'up' : 'down'][b]++;
  }
  for (let b = 0; b < 600; b++) density.most = Math.max(density.most, density.up[b], density.down[b]);
}
function drawMap() {
  const w = mapCanvas.clientWidth, h = mapCanvas.clientHeight, y = us => us / END * h, mid = w / 2;
  if (!w) return;
  mapCtx.fillStyle = C.card; mapCtx.fillRect(0, 0, w, h);
  mapCtx.fillStyle = C.fault;
  for (const band of D.bands) {
    mapCtx.globalAlpha = .3;
    mapCtx.fillRect(0, y(at[band.from]), w, Math.max(1.5, y(at[band.to]) - y(at[band.from])));
  }
  mapCtx.globalAlpha = 1;
  if (!density) prepareMap();
  for (let b = 0; b < 600; b++) {
    const len = n => Math.sqrt(n / density.most) * (mid - 6);
    mapCtx.fillStyle = C.up; mapCtx.fillRect(mid - len(density.up[b]), b / 600 * h, len(density.up[b]), Math.max(1, h / 600));
    mapCtx.fillStyle = C.down; mapCtx.fillRect(mid, b / 600 * h, len(density.down[b]), Math.max(1, h / 600));
  }
  if (D.heal_us < END) {
    mapCtx.strokeStyle = C.soft; mapCtx.setLineDash([3, 3]); mapCtx.beginPath(); mapCtx.moveTo(0, y(D.heal_us)); mapCtx.lineTo(w, y(D.heal_us)); mapCtx.stroke(); mapCtx.setLineDash([]);
    mapCtx.font = '10px ' + C.sans; mapCtx.fillStyle = C.soft; mapCtx.fillText('mended', 3, y(D.heal_us) - 3);
  }
  for (const v of D.violations) {
    if (v.event >= N) continue;
    mapCtx.fillStyle = C.bad; mapCtx.fillRect(0, y(at[v.event]) - 1, w, 2.5);
    mapCtx.beginPath(); mapCtx.moveTo(w, y(at[v.event]) - 6); mapCtx.lineTo(w - 9, y(at[v.event])); mapCtx.lineTo(w, y(at[v.event]) + 6); mapCtx.fill();
  }
  const [t1, t2] = windowTimes();
  mapCtx.strokeStyle = C.ink; mapCtx.lineWidth = 2;
  mapCtx.strokeRect(1, y(t1), w - 2, Math.max(5, y(t2) - y(t1)));
  mapCanvas.setAttribute('aria-valuemax', Math.round(END / 1e6));
  mapCanvas.setAttribute('aria-valuenow', Math.round(t1 / 1e6));
  mapCanvas.setAttribute('aria-valuetext', secs(Math.max(0, t1)) + ' to ' + secs(t2) + ' seconds');
}
function windowTimes() {
  if (view.mode === 'time') return [view.top, view.top + span()];
  if (!vis.length) return [0, END];
  const pick = p => at[vis[Math.max(0, Math.min(vis.length - 1, Math.floor(p)))]];
  return [pick(view.top), pick(view.top + span())];
}
// Puts a time at the top third of the window.
function goToTime(us) {
  view.top = (view.mode === 'rows' ? placeOf(firstAtTime(us)) : us) - span() / 3;
  redraw();
}
function center(i) {
  const p = posOf(i);
  if (p < view.top + span() * .12 || p > view.top + span() * .88) view.top = p - span() * .55;
  const x = xOf(E.lane[i]);
  if (x < GUTTER + 40 || x > view.w - 60) view.left += x - view.w / 2;
  redraw();
}
function zoom(by, y) {
  const p = view.top + (y - HEAD) / view.scale;
  view.scale *= by; clamp();
  view.top = p - (y - HEAD) / view.scale;
  redraw();
}
function setMode(mode) {
  if (mode === view.mode) return;
  const middle = view.mode === 'rows' ? at[vis[Math.max(0, Math.min(vis.length - 1, Math.floor(view.top + span() / 3)))] ?? 0] : view.top + span() / 3;
  const [t1, t2] = windowTimes();
  view.mode = mode;
  view.scale = mode === 'rows' ? ROW : bodyH() / Math.max(2e6, Math.min(END, (t2 - t1) * 1.2));
  goToTime(middle);
}
