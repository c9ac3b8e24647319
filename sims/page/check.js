// Opens the page of a run in a headless Chromium, uses it as a person would, and looks at what it says.
// Usage: node check.js CHROMIUM PAGE SCREENSHOT-FOLDER [failed|clean]
const assert = require('node:assert/strict');
const path = require('node:path');
const { Browser } = require('./browser.js');

const [program, page, folder, kind = 'failed'] = process.argv.slice(2);
const text = id => `document.getElementById('${id}').textContent`;
const colour = 'getComputedStyle(document.body).backgroundColor';

async function opensAtTheViolation(b) {
  assert.match(await b.ask(text('verdict')), /^FAILED: \d+ violation/);
  assert.match(await b.ask(text('alarm')), /is violated.*Must hold: /s);
  assert.match(await b.ask(text('pane-event')), /is violated.*The events it speaks of/s);
  const about = await b.ask("document.querySelectorAll('#pane-event .about li').length");
  assert.ok(about >= 2, `${about} events`);
  // A click on one of them shows it, and f comes back.
  await b.ask("document.querySelector('#pane-event .about button').click()");
  await b.frame();
  assert.doesNotMatch(await b.ask(text('pane-event')), /Must hold/);
  await b.key('f');
  assert.match(await b.ask(text('pane-event')), /Must hold/);
}

async function opensAtTheStart(b) {
  assert.match(await b.ask(text('verdict')), /^ok/);
  assert.equal(await b.ask("document.getElementById('alarm').hidden"), true);
  assert.match(await b.ask(text('pane-run')), /every invariant holds/);
  await b.key('n');
  assert.match(await b.ask(text('said')), /seconds: /);
}

async function showsThePacketOfAnArrow(b) {
  await b.ask("document.dispatchEvent(new Event('locospec-measure'))");
  const [x, y, seq, method] = (await b.ask('document.documentElement.dataset.arrow')).split(' ');
  assert.ok(method, 'an arrow is in the window');
  const box = await b.ask("(r => [r.left, r.top])(document.getElementById('time').getBoundingClientRect())");
  await b.click(box[0] + Number(x), box[1] + Number(y));
  const shown = await b.ask(text('pane-event'));
  assert.ok(shown.startsWith(method), `the arrow of ${method} (event ${seq}) shows: ${shown.slice(0, 80)}`);
  assert.match(await b.ask(text('header')), new RegExp(`method${method}body type0 \\(BSON\\)body length\\d+ bytes`));
  assert.match(await b.ask(text('body')), /: .+(int32|int64|"|bool|document|array|\[ \]|\{ \}|^$)/);
  assert.match(await b.ask("document.querySelector('#pane-event .title').textContent"), /\w+ \w+/, 'the catalogue says what the method does');
  assert.match(await b.ask(text('plain')), /^0000 {2}[0-9a-f]{2} /);
  assert.match(await b.ask(text('sealed')), /^Sealed.*(0000 {2}[0-9a-f]{2} |no cipher)/s);
  return method;
}

// A reply of a login: its status and its fields say what they mean.
async function saysWhatFieldsMean(b) {
  await b.key('/');
  await b.type('loginlist');
  await b.key('Enter');
  await b.key('Escape');
  await b.ask("[...document.querySelectorAll('#pane-event button')].find(e => e.textContent === 'Its reply')?.click()");
  await b.frame();
  assert.match(await b.ask(text('pane-event')), /^LOGINLIST #\d+.*status0 = \w+: /s);
  const means = await b.ask("[...document.querySelectorAll('#body .means')].map(e => e.textContent)");
  assert.ok(means.length > 5 && means.every(m => m.length > 3), `${means.length} fields say what they mean`);
  // A log in a push, and in the array of a reply.
  await b.key('/');
  await b.type('authorid');
  await b.key('Enter');
  await b.key('Escape');
  const inside = await b.ask("document.querySelectorAll('#body ul ul .means').length");
  assert.ok(inside > 3, `${inside} fields of a log say what they mean`);
}

async function obeysKeys(b) {
  const said = await b.ask(text('said'));
  await b.key('n');
  const next = await b.ask(text('said'));
  assert.notEqual(next, said, 'n goes on');
  await b.key('p');
  assert.equal(await b.ask(text('said')), said, 'p comes back');
  await b.key('2');
  const rows = await b.ask("document.querySelectorAll('#rows .row').length");
  assert.ok(rows > 5 && rows < 200, `${rows} rows exist`);
  await b.key('1');
  await b.key('/');
  await b.type('loginlist');
  await b.key('Enter');
  assert.match(await b.ask(text('found')), /^[1-9]\d* found$/);
  assert.match(await b.ask(text('said')), /LOGINLIST|LoggedIn/i);
  await b.key('Escape');
  await b.key('?');
  assert.equal(await b.ask("document.getElementById('help').open"), true);
  await b.key('Escape');
  await b.ask("document.getElementById('help').close()");
  await b.key('x');
  assert.match(await b.ask(text('filters')), /Kinds.*Lanes.*Methods.*Room/s);
  const before = await b.ask(text('shown'));
  await b.ask("[...document.querySelectorAll('#filters input')].find(i => i.parentElement.textContent.includes('PING')).click()");
  assert.notEqual(await b.ask(text('shown')), before, 'a filter changes what is shown');
  await b.key('x');
  for (const key of ['+', '-', '0', 'o', 'o', 'ArrowDown', 'End', 'Home']) await b.key(key);
}

async function changesItsTheme(b) {
  const seen = new Set();
  for (let i = 0; i < 3; i++) { await b.key('t'); seen.add(await b.ask(colour)); }
  assert.equal(seen.size, 2, 'light and dark differ');
}

async function main() {
  const b = await Browser.start(program, '1600,1000');
  try {
    const took = await b.open(page);
    await (kind === 'failed' ? opensAtTheViolation(b) : opensAtTheStart(b));
    await b.shot(path.join(folder, kind + '-opened.png'));
    const method = await showsThePacketOfAnArrow(b);
    await b.shot(path.join(folder, kind + '-packet.png'));
    await saysWhatFieldsMean(b);
    await b.shot(path.join(folder, kind + '-fields.png'));
    await obeysKeys(b);
    await changesItsTheme(b);
    await b.ask("document.documentElement.dataset.choice = 'light'");
    await b.key('t');
    await b.key('f');
    await b.shot(path.join(folder, kind + '-dark.png'));
    assert.deepEqual(b.complaints(), []);
    console.log(`${kind}: opened in ${took} ms, an arrow showed ${method}, no error, nothing asked of the network`);
  } finally {
    await b.stop();
  }
}
main().catch(e => { console.error(e); process.exit(1); });
