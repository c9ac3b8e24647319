'use strict';
// node-kakao 4.4.0, unmodified, as a client under test: spec/interop/README.md has the protocol.
//
// Started by `locospec check --sut sut.yaml`, or by run.sh; NODE_EXTRA_CA_CERTS names the judge's CA. It connects to
// the judge alone: anything that is not this machine is refused below.

const dns = require('dns');
const fs = require('fs');
const readline = require('readline');
const { TalkClient, Long, KnownChatType } = require('node-kakao');
const { stayOnLoopback } = require('./walk');

const OPERATIONS = ['hello', 'connect', 'login', 'send_text', 'read', 'leave', 'close'];
const EVENTS = ['logged_in', 'login_refused', 'message', 'sent', 'send_failed', 'read_mark', 'kicked', 'server_moves',
  'disconnected'];
/** The statuses of a login that no second try mends. */
const FOR_GOOD = [-950, -997, -999];

let client = null;
let place = null;

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const tell = (event, detail) => say({ event, ...detail });
/** A 64-bit number as JSON: as it is where a double holds it, else as Extended JSON. */
const number = (n) => {
  const long = Long.fromValue(n);
  return Number.isSafeInteger(long.toNumber()) ? long.toNumber() : { $numberLong: long.toString() };
};
const long = (n) => (n !== null && typeof n === 'object' ? Long.fromString(n.$numberLong) : Long.fromNumber(n));

function connect(request) {
  place = request;
  const [, port] = request.addr.split(':');
  client = new TalkClient({
    locoBookingHost: 'localhost',
    locoBookingPort: Number(port),
    locoPEMPublicKey: fs.readFileSync(request.rsa_pub, 'utf8'),
  });
  client.pingInterval = client.pingInterval / (request.time_scale || 1);
  client.on('chat', ({ chat }, channel) => tell('message', {
    room: number(channel.channelId),
    log_id: number(chat.logId),
    author: number(chat.sender.userId),
    text: chat.text,
    own: client.logon && client.isClientUser(chat.sender),
  }));
  client.on('chat_read', ({ logId }, channel, reader) => tell('read_mark', {
    room: number(channel.channelId), user: reader ? number(reader.userId) : null, watermark: number(logId),
  }));
  client.on('disconnected', (reason) => tell('kicked', { reason }));
  client.on('switch_server', () => tell('server_moves', {}));
  client.on('push_packet', (method) => tell('push', { method }));
  client.on('error', (error) => {
    tell('failed', { why: String(error) });
    // Without this the client reads from the broken socket again, for ever.
    if (client.logon && !client.session.stream.ended) client.close();
  });
  // The end of a session is a method of the client and no event.
  const { listenEnd } = client;
  client.listenEnd = () => {
    listenEnd.call(client);
    tell('disconnected', { door: 'carriage' });
  };
}

async function login() {
  const { user } = place;
  const credential = {
    userId: Long.fromNumber(user.id), deviceUUID: user.duuid, accessToken: user.token, refreshToken: '',
  };
  try {
    const res = await client.login(credential);
    if (res.success) {
      const rooms = [...client.channelList.all()].map((channel) => ({ room: number(channel.channelId) }));
      tell('logged_in', { user_id: number(client.clientUser.userId), rooms });
    } else if (FOR_GOOD.includes(res.status)) {
      tell('login_refused', { status: res.status });
    } else {
      tell('failed', { status: res.status });
    }
  } catch (error) {
    tell('failed', { why: String(error) });
    tell('disconnected', { door: 'carriage' });
  }
}

async function sendText({ as, room, text }) {
  try {
    const res = await client.channelList.get(long(room)).sendChat({ type: KnownChatType.TEXT, text });
    if (res.success) tell('sent', { as, room, log_id: number(res.result.logId) });
    else tell('send_failed', { as, status: res.status });
  } catch (error) {
    tell('send_failed', { as, why: String(error) });
  }
}

/** What an operation begins; it is answered before that ends. */
const BEGIN = {
  connect,
  login,
  send_text: sendText,
  read: ({ room, watermark }) => client.channelList.get(long(room)).markRead({ logId: long(watermark) }),
  leave: ({ room }) => client.channelList.normal.leaveChannel(client.channelList.get(long(room))),
  close: () => client.logon && client.close(),
};

function answer(request) {
  const { id, op } = request;
  if (op === 'hello') return say({ id, ok: true, operations: OPERATIONS, events: EVENTS });
  if (!Object.hasOwn(BEGIN, op)) return say({ id, unimplemented: `no operation ${op}` });
  if (op !== 'connect' && !client) return say({ id, error: 'connect comes first' });
  try {
    const begun = BEGIN[op](request);
    if (begun && begun.catch) begun.catch((error) => tell('failed', { op, why: String(error) }));
    return say({ id, ok: true });
  } catch (error) {
    return say({ id, error: String(error) });
  }
}

dns.setDefaultResultOrder('ipv4first');
stayOnLoopback();
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => answer(JSON.parse(line)));
lines.on('close', () => process.exit(0));
