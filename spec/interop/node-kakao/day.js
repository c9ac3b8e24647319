'use strict';
// A day of chat: three node-kakao clients, unmodified, use every group of calls that node-kakao has.
//
//   NODE_EXTRA_CA_CERTS=DIR/ca.pem node day.js DIR
//
// Each step asks for something as one client and looks at what the others hear of it. A step that is done is one JSON
// line on stdout; the first that is not so ends the day.

const crypto = require('crypto');
const dns = require('dns');
const { Long, KnownChatType, KnownChannelMetaType, OpenChannelUserPerm } = require('node-kakao');
const { Journal, check, fail, newClient, stayOnLoopback, step, within } = require('./walk');
const { DAY } = require('./plan');

const PEOPLE = { alice: 1001, bob: 1002, carol: 1003, dave: 1004 };
const BYTES = crypto.createHash('sha256').update('locospec').digest();
const IMAGE = Buffer.concat(Array.from({ length: 9001 }, () => BYTES));
const BIG = '9223372036854775807';

const EVENTS = {
  chat: (data, channel) => ({ room: channel.channelId, chat: data.chat }),
  chat_deleted: (log, channel, feed) => ({ room: channel.channelId, logId: feed.logId }),
  user_join: (log, channel, user) => ({ room: channel.channelId, user: user.userId }),
  user_left: (log, channel, user) => ({ room: channel.channelId, user: user.userId }),
  meta_change: (channel, type, meta) => ({ room: channel.channelId, type, content: meta.content }),
  channel_join: (channel) => ({ room: channel.channelId }),
  channel_left: (channel) => ({ room: channel.channelId }),
  channel_kicked: (log, channel) => ({ room: channel.channelId }),
  perm_changed: (channel, last, user) => ({ room: channel.channelId, user: user.userId, perm: user.perm }),
  host_handover: (channel) => ({ room: channel.channelId }),
  message_hidden: (log, channel, feed) => ({ room: channel.channelId, logId: feed.logId }),
  chat_event: (channel, author, type, count) => ({ room: channel.channelId, author: author.userId, type, count }),
  profile_changed: (channel, last, user) => ({ room: channel.channelId, nickname: user.nickname }),
  channel_link_deleted: (log, channel) => ({ room: channel.channelId }),
};

/** A person at a client, and everything that the client has reported. */
class Person {
  constructor(dir, name) {
    this.name = name;
    this.userId = Long.fromNumber(PEOPLE[name]);
    this.client = newClient(dir);
    this.journal = new Journal();
    for (const [event, made] of Object.entries(EVENTS)) {
      this.client.on(event, (...args) => this.journal.add({ event, ...made(...args) }));
    }
    this.client.on('push_packet', (method) => this.journal.add({ event: 'push', method }));
    this.client.on('error', (error) => fail(error));
    this.client.on('disconnected', (reason) => fail(new Error(`${name}: kicked out, reason ${reason}`)));
  }

  async login() {
    const res = await within(`${this.name}: login`, this.client.login({
      userId: this.userId,
      deviceUUID: `node-kakao-${this.name}`,
      accessToken: `${this.name}-token`,
      refreshToken: '',
    }));
    check(res.success, `${this.name}: login has status 0, found ${res.status}`);
  }

  room(id) {
    return this.client.channelList.get(id);
  }

  /** Waits for an event in a room. */
  hears(event, room, accept = () => true) {
    const isIt = (item) => item.event === event && item.room.equals(room) && accept(item);
    return this.journal.first(`${this.name} hears ${event} in ${room}`, isIt);
  }
}

/** The result of a call; `status` is what it must be answered with. */
async function done(what, promise, status = 0) {
  const res = await within(what, promise);
  check(res.status === status, `${what}: status ${status}, found ${res.status}`);
  return res.result;
}

function same(found, wanted, what) {
  check(String(found) === String(wanted), `${what} is ${wanted}, found ${found}`);
}

async function all(stream, size) {
  const found = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const piece = new Uint8Array(Math.min(size - at, 16384));
    const read = await within('bytes of a file', stream.read(piece));
    if (!read) break;
    found.set(piece.subarray(0, read), at);
    at += read;
  }
  return found.subarray(0, at);
}

async function rooms({ alice, bob, carol }) {
  const people = [bob.userId, carol.userId].map((userId) => ({ userId }));
  const room = await done('CREATE', alice.client.channelList.normal.createChannel({ userList: people }));
  check(room.userCount === 3, `three members, found ${room.userCount}`);
  step('create', { room: room.channelId.toString() });
  await bob.journal.first('bob hears of the room', (i) => i.event === 'push' && i.method === 'SYNCJOIN');

  const memo = await done('CREATE of a memo chat', alice.client.channelList.normal.createMemoChannel());
  same(memo.info.type, 'MemoChat', 'the kind of the memo room');
  await done('CREATE of the same again', alice.client.createSessionProxy().request('CREATE', {
    memberIds: [], memoChat: true,
  }), -310);
  step('memo', { room: memo.channelId.toString() });
  return room;
}

async function membership({ alice, bob, dave }, id) {
  await done('ADDMEM', alice.room(id).inviteUsers([{ userId: dave.userId }]));
  await bob.client.channelList.normal.addChannel({ channelId: id });
  await dave.journal.first('dave hears of the room', (i) => i.event === 'push' && i.method === 'SYNCJOIN');
  await dave.client.channelList.normal.addChannel({ channelId: id });
  const members = await done('GETMEM', alice.room(id).getAllLatestUserInfo());
  check(members.length === 4, `four members, found ${members.length}`);
  const [one] = await done('MEMBER', alice.room(id).getLatestUserInfo({ userId: dave.userId }));
  same(one.nickname, 'Dave', 'the nickname of dave');
  step('invite', { members: members.map((m) => m.nickname) });

  await done('LEAVE', dave.client.channelList.normal.leaveChannel(dave.room(id)));
  await bob.hears('user_left', id, ({ user }) => user.equals(dave.userId));
  step('leave', { user: dave.userId.toString() });
}

async function messages({ alice, bob }, id) {
  const extra = `{"src_logId":${BIG},"note":"64 bits"}`;
  const first = await done('WRITE', alice.room(id).sendChat({
    type: KnownChatType.TEXT, text: 'one', attachment: { note: 'kept', mentions: [] },
  }));
  await bob.hears('chat', id, ({ chat }) => chat.text === 'one' && chat.attachment.note === 'kept');
  step('attachment', { logId: first.logId.toString(), extra });

  await done('FORWARD', alice.room(id).forwardChat({ type: KnownChatType.TEXT, text: 'two' }));
  await bob.hears('chat', id, ({ chat }) => chat.text === 'two');
  step('forward', {});

  await done('DELETEMSG', alice.room(id).deleteChat(first));
  await bob.hears('chat_deleted', id, ({ logId }) => logId.equals(first.logId));
  await done('DELETEMSG of the same', alice.room(id).deleteChat(first), -211);
  const logs = await done('MCHATLOGS', bob.room(id).getChatListFrom(Long.ZERO));
  check(!logs.some((log) => log.text === 'one'), 'what was deleted is in no log');
  check(logs.some((log) => log.text === 'two'), 'what was forwarded is in the log');
  step('delete', { logs: logs.length });
}

async function metas({ alice, bob }, id) {
  await done('SETMETA', alice.room(id).setMeta(KnownChannelMetaType.TITLE, 'a day'));
  await bob.hears('meta_change', id, ({ type, content }) => type === KnownChannelMetaType.TITLE && content === 'a day');
  const info = await done('CHATINFO', bob.room(id).getLatestChannelInfo());
  same(info.metaMap[KnownChannelMetaType.TITLE].content, 'a day', 'the title');
  await done('UPDATECHAT', bob.room(id).setPushAlert(false));
  const muted = await done('CHATINFO', bob.room(id).getLatestChannelInfo());
  check(muted.pushAlert === false, `no alert, found ${muted.pushAlert}`);
  step('metas', { title: 'a day' });
}

async function media({ alice, bob }, id) {
  const checksum = crypto.createHash('sha1').update(IMAGE).digest('hex');
  const form = { size: IMAGE.length, checksum, metadata: { name: 'day.png', width: 3, height: 4, ext: 'png' } };
  const post = await done('SHIP and POST', alice.room(id).uploadMedia(KnownChatType.PHOTO, form));
  check(post.offset === 0 || Long.ZERO.equals(post.offset), `the offset is 0, found ${post.offset}`);
  await within('the bytes', post.stream.write(IMAGE));
  const log = await done('COMPLETE', post.finish());
  const heard = await bob.hears('chat', id, ({ chat }) => chat.type === KnownChatType.PHOTO);
  same(heard.chat.logId, log.logId, 'the message of the picture');
  const key = heard.chat.attachment.k || heard.chat.attachment.key;
  step('upload', { bytes: IMAGE.length, key });

  const stream = await done('GETTRAILER and DOWN', bob.room(id).downloadMedia({ key }, KnownChatType.PHOTO));
  const whole = await all(stream, stream.size);
  check(whole.equals(IMAGE), `the same ${IMAGE.length} bytes, found ${whole.length}`);
  const half = await done('DOWN from an offset', bob.room(id).downloadMedia({ key }, KnownChatType.PHOTO, 100_000));
  check((await all(half, half.size)).equals(IMAGE.subarray(100_000)), 'the rest from the offset');
  step('download', { bytes: whole.length });
}

async function block({ alice, bob, carol }) {
  await done('BLADDITEM', carol.client.blockList.blockUser({ userId: alice.userId }));
  const list = { userList: [{ userId: carol.userId }] };
  await done('CREATE with who blocks', alice.client.channelList.normal.createChannel(list), -402);
  await done('BLDELITEM', carol.client.blockList.unblockUser({ userId: alice.userId }));
  await done('CREATE again', alice.client.channelList.normal.createChannel(list));
  step('block', { by: carol.userId.toString(), nobodyElse: bob.name });
}

async function link({ alice, bob, carol }) {
  const open = alice.client.channelList.open;
  const template = { linkName: 'a day', searchable: true, activated: true, userLimit: 10, description: 'of chat' };
  const room = await done('CREATELINK', open.createOpenChannel(template, { nickname: 'host', profilePath: '' }));
  const id = room.channelId;
  const [{ linkURL }] = await done('INFOLINK', open.getOpenLink({ linkId: room.linkId }));
  await done('UPDATELINK', open.updateOpenLink({ linkId: room.linkId }, { ...template, passcode: 'sesame' }));
  step('link-create', { room: id.toString(), link: linkURL });

  const { openLink } = await done('JOININFO', bob.client.channelList.open.getJoinInfo(linkURL));
  same(openLink.linkId, room.linkId, 'the link behind the address');
  await done('JOINLINK without a pass code', bob.client.channelList.open.joinChannel(openLink, {}), -500);
  await done('CHECKJOIN with a wrong one', bob.client.channelList.open.joinChannel(openLink, {}, 'wrong'), -500);
  for (const person of [bob, carol]) {
    const profile = { nickname: `${person.name} of the link`, profilePath: '' };
    await done('JOINLINK', person.client.channelList.open.joinChannel(openLink, profile, 'sesame'));
    await alice.hears('user_join', id, ({ user }) => user.equals(person.userId));
  }
  await done('WRITE into the link', bob.room(id).sendChat('hello'));
  await alice.hears('chat', id, ({ chat }) => chat.text === 'hello');
  step('link-join', { members: [...alice.room(id).getAllUserInfo()].map((user) => user.nickname).sort() });
  return room;
}

async function linkRights({ alice, bob, carol }, { channelId: id, linkId }) {
  await done('KICKMEM without the right', bob.room(id).kickUser({ userId: carol.userId }), -500);
  await done('SETMEMTYPE', alice.room(id).setUserPerm({ userId: bob.userId }, OpenChannelUserPerm.MANAGER));
  await carol.hears('perm_changed', id, ({ user, perm }) => user.equals(bob.userId) && perm === 4);
  step('link-manager', {});

  const said = await done('WRITE', carol.room(id).sendChat('hide me'));
  await done('REWRITE', alice.room(id).hideChat(said));
  await bob.hears('message_hidden', id, ({ logId }) => logId.equals(said.logId));
  step('link-hide', {});

  await done('KICKMEM', alice.room(id).kickUser({ userId: carol.userId }));
  await carol.hears('channel_kicked', id);
  await bob.hears('user_left', id, ({ user }) => user.equals(carol.userId));
  const kicked = await done('KLSYNC', alice.client.channelList.open.getKickList({ linkId }));
  same(kicked.map(({ userId }) => userId), carol.userId, 'who was kicked');
  await done('KLDELITEM', alice.client.channelList.open.removeKicked({ linkId }, kicked[0]));
  step('link-kick', {});

  await done('SETMEMTYPE of the host', alice.room(id).handoverHost({ userId: bob.userId }));
  await bob.hears('perm_changed', id, ({ user, perm }) => user.equals(bob.userId) && perm === 1);
  await done('UPLINKPROF', bob.room(id).changeProfile({ nickname: 'new host', profilePath: '' }));
  await alice.hears('profile_changed', id, ({ nickname }) => nickname === 'new host');
  step('link-hand-over', {});

  await done('DELETELINK', bob.client.channelList.open.deleteLink({ linkId }));
  await alice.hears('channel_link_deleted', id);
  step('link-delete', {});
}

async function day(dir) {
  stayOnLoopback();
  dns.setDefaultResultOrder('ipv4first');
  const people = {};
  for (const name of Object.keys(PEOPLE)) {
    people[name] = new Person(dir, name);
    await people[name].login();
  }
  step('day', { people: Object.keys(people) });
  const { channelId } = await rooms(people);
  await membership(people, channelId);
  await messages(people, channelId);
  await metas(people, channelId);
  await media(people, channelId);
  await block(people);
  const open = await link(people);
  await linkRights(people, open);
  step(DAY[DAY.length - 1], {});
}

process.on('unhandledRejection', fail);
day(process.argv[2]).then(() => process.exit(0), fail);
