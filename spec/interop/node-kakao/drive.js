'use strict';
// Runs the server, bob and the walk, each at its time, and judges the whole.
//
//   node drive.js LOCOSPEC_BINARY        (run.sh does it, inside a network of its own)
//
// The walk's own lines are the clock: bob sends when alice has sent, reads when his message has come, the server
// drains when the read mark has come, and starts again on the same ports and data when it has ended.

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');
const { ROOM, BOB_SAYS, STEP_MS, ALL_MS, STEPS, DAY } = require('./plan');

const EVERY = [...STEPS, ...DAY];

const bin = process.argv[2];
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'locospec-node-kakao-'));
const endpointsFile = path.join(dir, 'endpoints.json');
const children = new Set();
const seen = [];
const outputs = [];

/** A child whose output is kept for the report, and whose end is a promise of its exit code or signal. */
function start(name, command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  const output = { name: `${name}: ${path.basename(command)} ${args.join(' ')}`, text: '' };
  outputs.push(output);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output.text += data; });
  child.stdin.on('error', () => {});
  children.add(child);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => { output.text += `${error}\n`; resolve(String(error)); });
    child.on('close', (code, signal) => { children.delete(child); resolve(signal ?? code); });
  });
  return { child, ended, name };
}

function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${STEP_MS} ms`)), STEP_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function succeeds(run, what) {
  const end = await within(what, run.ended);
  if (end !== 0) throw new Error(`${what}: ended with ${end}, not 0`);
}

/** endpoints.json, once it is there and whole. */
function endpoints(server) {
  let timer;
  const there = new Promise((resolve, reject) => {
    timer = setInterval(() => {
      try {
        resolve(JSON.parse(fs.readFileSync(endpointsFile, 'utf8')));
      } catch (error) {
        if (error.code !== 'ENOENT' && !(error instanceof SyntaxError)) reject(error);
      }
    }, 20);
    server.ended.then((end) => reject(new Error(`${server.name} ended with ${end} before it was ready`)));
  });
  return within(`${server.name}: endpoints.json`, there).finally(() => clearInterval(timer));
}

async function serve(name, ports) {
  fs.rmSync(endpointsFile, { force: true });
  const server = start(name, bin, ['serve', '--dir', dir, '--data', path.join(dir, 'data'), ...ports]);
  return { server, at: await endpoints(server) };
}

async function drain(server) {
  server.child.kill('SIGINT');
  await succeeds(server, `${server.name}: drain`);
}

function bob(...args) {
  return succeeds(start('bob', bin, ['client', '--dir', dir, '--user', 'bob', ...args]), `bob ${args[0]}`);
}

/** A step, or nothing when the line is something else that was printed; the report shows that anyway. */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Starts walk.js or day.js; `reached(step)` is kept when it says so, and fails when it ends before. */
function startWalk(name) {
  const walk = start(name, process.execPath, [path.join(__dirname, `${name}.js`), dir], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(dir, 'ca.pem') },
  });
  const waiting = new Map();
  readline.createInterface({ input: walk.child.stdout }).on('line', (line) => {
    const said = parsed(line);
    if (!said) return;
    seen.push({ ...said, at: Date.now() - begin });
    waiting.get(said.step)?.();
  });
  const reached = (step) => within(`walk: ${step}`, new Promise((resolve, reject) => {
    if (seen.some((said) => said.step === step)) resolve();
    waiting.set(step, resolve);
    walk.ended.then((end) => reject(new Error(`walk ended with ${end} before ${step}`)));
  }));
  return { walk, reached };
}

async function run() {
  const first = await serve('server', []);
  const { walk, reached } = startWalk('walk');
  await reached('send');
  await bob('send', String(ROOM), BOB_SAYS);
  await reached('message');
  await bob('read', String(ROOM));
  await reached('read-mark');
  await drain(first.server);
  await reached('switch-server');

  const port = (name) => [`--${name}-port`, String(first.at[name]).split(':').pop()];
  const second = await serve('server again', ['booking', 'ticket', 'entry', 'carriage'].flatMap(port));
  for (const name of Object.keys(first.at)) {
    const [before, after] = [first.at[name], second.at[name]];
    if (before !== after) throw new Error(`${name} moved from ${before} to ${after}`);
  }
  walk.child.stdin.write('up\n');
  await succeeds(walk, 'walk');
  await succeeds(startWalk('day').walk, 'day');
  await drain(second.server);

  const came = seen.map((said) => said.step);
  if (came.join() !== EVERY.join()) throw new Error(`steps should be ${EVERY}, came as ${came}`);
}

function table() {
  for (const name of EVERY) {
    const said = seen.find((one) => one.step === name);
    if (!said) {
      console.log(`  missing      -  ${name}`);
      continue;
    }
    const { step, at, ...detail } = said;
    console.log(`  ok    ${String(at).padStart(5)} ms  ${step.padEnd(16)} ${JSON.stringify(detail)}`);
  }
}

function end(error) {
  for (const child of children) child.kill('SIGKILL');
  if (error) {
    for (const { name, text } of outputs) console.log(`--- ${name}\n${text.trimEnd()}`);
  }
  console.log('node-kakao 4.4.0 against locospec serve:');
  table();
  if (error) {
    const failed = seen.find((said) => said.step === 'failed');
    console.log(`FAILED: ${error.message}${failed ? `\nafter ${failed.after}: ${failed.error}` : ''}`);
    console.log(`files are kept in ${dir}`);
    process.exit(1);
  }
  fs.rmSync(dir, { recursive: true, force: true });
  console.log(`ok: ${EVERY.length} steps`);
  process.exit(0);
}

const begin = Date.now();
setTimeout(() => end(new Error(`not done within ${ALL_MS} ms`)), ALL_MS);
process.on('unhandledRejection', end);
process.on('uncaughtException', end);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(new Error(`stopped by ${signal}`)));
if (!bin) {
  console.log('usage: node drive.js LOCOSPEC_BINARY');
  process.exit(2);
}
run().then(() => end(), end);
