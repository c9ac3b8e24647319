'use strict';
// node-kakao 4.4.0, unmodified, walks through a session with our server.
//
//   NODE_EXTRA_CA_CERTS=DIR/ca.pem node walk.js DIR
//
// DIR is what `locospec serve --dir DIR` wrote. Every step that is done is one JSON line on stdout. Three of them wait
// for somebody else (see drive.js, which plays that part): for bob's message, for bob's read mark, and, after the
// server has drained, for a line on stdin that says the server is up again. Every wait has a deadline.

const dns = require('dns');
const fs = require('fs');
const net = require('net');
const path = require('path');
const readline = require('readline');
const { TalkClient, Long } = require('node-kakao');
const { BOB_SAYS, ALICE_SAYS, ALICE_SAYS_AGAIN, ROOM, STEP_MS } = require('./plan');

const ALICE = Long.fromNumber(1001);
const BOB = Long.fromNumber(1002);
const CREDENTIAL = {
  userId: ALICE,
  deviceUUID: 'node-kakao-interop',
  accessToken: 'alice-token',
  refreshToken: '',
};

let lastStep = 'start';

function step(name, detail) {
  lastStep = name;
  process.stdout.write(`${JSON.stringify({ step: name, ...detail })}\n`);
}

function fail(error) {
  const text = error instanceof Error ? error.stack : String(error);
  process.stdout.write(`${JSON.stringify({ step: 'failed', after: lastStep, error: text })}\n`, () => process.exit(1));
}

function check(ok, what) {
  if (!ok) throw new Error(`not so: ${what}`);
}

/** `promise`, or an error that says what did not come. */
function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${STEP_MS} ms`)), STEP_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Keeps what happened, so that a wait also finds what came before it began. */
class Journal {
  constructor() {
    this.items = [];
    this.waiting = [];
  }

  add(item) {
    this.items.push(item);
    this.waiting = this.waiting.filter(({ accept, resolve }) => {
      if (!accept(item)) return true;
      resolve(item);
      return false;
    });
  }

  first(what, accept) {
    const found = this.items.find(accept);
    if (found) return Promise.resolve(found);
    return within(what, new Promise((resolve) => this.waiting.push({ accept, resolve })));
  }
}

/** node-kakao is left as it is; but nothing in this process connects anywhere but to this machine. */
function stayOnLoopback() {
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function connectOnLoopback(...args) {
    const [options] = Array.isArray(args[0]) ? args[0] : args;
    if (options.host !== 'localhost' && options.host !== '127.0.0.1') {
      throw new Error(`refused to connect to ${options.host}: not this machine`);
    }
    return connect.apply(this, args);
  };
}

/** The client, pointed at our server by its own configuration and by nothing else. */
function newClient(dir) {
  const endpoints = JSON.parse(fs.readFileSync(path.join(dir, 'endpoints.json'), 'utf8'));
  const portOf = (name) => {
    const at = /^127\.0\.0\.1:(\d+)$/.exec(endpoints[name]);
    check(at, `endpoints.json has ${name} as 127.0.0.1:PORT, found ${JSON.stringify(endpoints[name])}`);
    return Number(at[1]);
  };
  return new TalkClient({
    locoBookingHost: 'localhost',
    locoBookingPort: portOf('booking'),
    locoCheckinFallbackHost: '127.0.0.1',
    locoCheckinFallbackPort: portOf('ticket'),
    locoPEMPublicKey: fs.readFileSync(path.join(dir, 'rsa.pub.pem'), 'utf8'),
  });
}

/** Everything that the client reports, in the journal; its errors end the walk, unless the server is away. */
function listen(client, journal) {
  client.on('chat', (data, channel) => {
    const nickname = data.getSenderInfo(channel)?.nickname;
    journal.add({ event: 'chat', room: channel.channelId, chat: data.chat, nickname });
  });
  client.on('chat_read', (chat, channel, reader) => {
    journal.add({ event: 'chat_read', room: channel.channelId, watermark: chat.logId, reader });
  });
  client.on('switch_server', () => journal.add({ event: 'switch_server' }));
  client.on('disconnected', (reason) => fail(new Error(`kicked out, reason ${reason}`)));
  client.on('error', (error) => {
    journal.add({ event: 'error', error });
    if (!journal.items.some(({ event }) => event === 'switch_server')) return fail(error);
    // Without this the client reads from the broken socket again, for ever.
    if (client.logon && !client.session.stream.ended) client.close();
  });
}

async function login(client, name) {
  const res = await within('login', client.login(CREDENTIAL));
  check(res.success, `${name}: login has status 0, found ${res.status}`);
  check(ALICE.equals(client.clientUser.userId), `${name}: the server knows alice, found ${client.clientUser.userId}`);
  step(name, { userId: client.clientUser.userId.toString() });
}

function rooms(client, name) {
  const seen = [...client.channelList.all()].map((channel) => ({
    id: channel.channelId.toString(),
    type: channel.info.type,
    members: [...channel.getAllUserInfo()].map((user) => `${user.userId} ${user.nickname}`).sort(),
  }));
  seen.sort((a, b) => a.id.localeCompare(b.id));
  const [direct, multi] = seen;
  check(seen.length === 2, `two rooms, found ${JSON.stringify(seen)}`);
  check(direct.id === '7000' && direct.type === 'DirectChat', `7000 is a DirectChat, found ${JSON.stringify(direct)}`);
  check(multi.id === '7001' && multi.type === 'MultiChat', `7001 is a MultiChat, found ${JSON.stringify(multi)}`);
  check(direct.members.join() === '1001 Alice,1002 Bob', `7000 has alice and bob, found ${direct.members}`);
  check(multi.members.join() === '1001 Alice,1002 Bob,1003 Carol', `7001 has all three, found ${multi.members}`);
  step(name, { rooms: seen });
  return client.channelList.get(Long.fromNumber(ROOM));
}

async function send(room, text, name) {
  const res = await within(`WRITE of ${JSON.stringify(text)}`, room.sendChat(text));
  check(res.success, `${name}: WRITE has status 0, found ${res.status}`);
  const { logId } = res.result;
  check(Long.isLong(logId) && logId.greaterThan(0), `${name}: a log id, found ${logId}`);
  step(name, { room: ROOM, logId: logId.toString(), text });
  return res.result;
}

async function receive(journal, after) {
  const { chat, nickname } = await journal.first(
    `a message of bob, ${JSON.stringify(BOB_SAYS)}`,
    (item) => item.event === 'chat' && item.chat.text === BOB_SAYS,
  );
  check(BOB.equals(chat.sender.userId), `bob is its author, found ${chat.sender.userId}`);
  check(chat.logId.greaterThan(after.logId), `its log id ${chat.logId} is above ${after.logId}`);
  check(after.logId.equals(chat.prevLogId), `its prevId is ${after.logId}, found ${chat.prevLogId}`);
  check(chat.sendAt > 1e12, `sendAt is in this century, found ${chat.sendAt}`);
  step('message', { logId: chat.logId.toString(), author: chat.sender.userId.toString(), nickname, text: chat.text });
  return chat;
}

async function readMark(journal, room, upTo) {
  const isIt = ({ event, watermark, reader }) =>
    event === 'chat_read' && watermark.greaterThanOrEqual(upTo.logId) && reader && BOB.equals(reader.userId);
  const mark = await journal.first(`bob's read mark at ${upTo.logId}`, isIt);
  check(room.channelId.equals(mark.room), `the mark is in room ${ROOM}, found ${mark.room}`);
  step('read-mark', { room: ROOM, reader: mark.reader.nickname, watermark: mark.watermark.toString() });
}

async function history(room, upTo) {
  const texts = [];
  const pages = room.syncChatList(upTo.logId, Long.ZERO);
  for (let page = await within('SYNCMSG', pages.next()); !page.done; page = await within('SYNCMSG', pages.next())) {
    check(page.value.success, `SYNCMSG has status 0, found ${page.value.status}`);
    texts.push(...page.value.result.map((chat) => chat.text));
  }
  const wanted = [ALICE_SAYS, BOB_SAYS, ALICE_SAYS_AGAIN];
  check(texts.join('\n') === wanted.join('\n'), `the log is ${JSON.stringify(wanted)}, found ${JSON.stringify(texts)}`);
  step('history', { texts });
}

async function walk(dir) {
  stayOnLoopback();
  // 'localhost' may be ::1 first, and the server is on 127.0.0.1 only.
  dns.setDefaultResultOrder('ipv4first');
  const serverUp = new Promise((resolve) => readline.createInterface({ input: process.stdin }).once('line', resolve));
  const client = newClient(dir);
  const journal = new Journal();
  listen(client, journal);

  await login(client, 'logged-in');
  const room = rooms(client, 'rooms');
  const sent = await send(room, ALICE_SAYS, 'send');
  const message = await receive(journal, sent);
  const marked = await within('NOTIREAD', room.markRead(message));
  check(marked.success, `NOTIREAD has status 0, found ${marked.status}`);
  step('marked', { room: ROOM, watermark: message.logId.toString() });
  await readMark(journal, room, message);

  await journal.first('CHANGESVR', ({ event }) => event === 'switch_server');
  step('switch-server', {});
  await within('word that the server is up again', serverUp);
  const broken = journal.items.some(({ event }) => event === 'error');
  check(!client.logon || broken, 'the drained session is over before the server is up again');

  await login(client, 'logged-in-again');
  const again = rooms(client, 'rooms-again');
  const sentAgain = await send(again, ALICE_SAYS_AGAIN, 'send-again');
  await history(again, sentAgain);
  const heard = journal.items.filter(({ event }) => event === 'chat').map(({ chat }) => chat.text);
  check(heard.join('\n') === BOB_SAYS, `one message was pushed, bob's, found ${JSON.stringify(heard)}`);
  step('done', {});
}

if (require.main === module) {
  process.on('unhandledRejection', fail);
  walk(process.argv[2]).then(() => process.exit(0), fail);
}

module.exports = { Journal, check, fail, newClient, stayOnLoopback, step, within };
