//! A scripted server: it opens what the client seals, waits to be told what to answer, and answers in any pieces.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::samples::{items, log};
use crate::proto::client::{Action, Client, ClientConfig, ConnId, Endpoint, Event, Input, Message, Output, Why};
use crate::proto::command::types::{ChatLog, RoomInfo, RoomInfo2012};
use crate::proto::command::{
    Body, CommandId, Door, buy, checkin, getconf, login, loginlist, msg, nchatlist, read, status, syncmsg, write,
};
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::quirk::Quirk;
use crate::proto::secure::{Era, Handshake, KeyRing, Opener, Sealer, unwrap};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Document, Method, encode_packet};

pub const ALICE: i64 = 1001;
pub const BOB: i64 = 1002;
pub const ROOM: i64 = 7000;

/// One connection as the server sees it.
struct Peer {
    door: Door,
    deframer: Deframer,
    layer: Option<(Sealer, Opener)>,
    early: Vec<u8>,
}

/// A request that the client has sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub conn: ConnId,
    pub id: u32,
    pub method: Method,
    pub body: Vec<u8>,
}

impl Request {
    pub fn read<'a, T: Body<'a>>(&'a self) -> T {
        let doc = Document::check(&self.body, &Limits::DEFAULT).expect("our client writes BSON");
        T::decode(doc, &mut 0).expect("our client writes what its table says")
    }

    pub fn int(&self, field: &str) -> Option<i64> {
        Document::check(&self.body, &Limits::DEFAULT).ok()?.integer(field)
    }
}

/// Client and scripted server.
pub struct Rig {
    pub client: Client,
    pub era: Era,
    pub now: Time,
    pub events: VecDeque<Event>,
    pub requests: VecDeque<Request>,
    pub connects: VecDeque<(ConnId, Door, Endpoint, bool)>,
    pub closed: Vec<ConnId>,
    /// Requests that each write carried.
    pub writes: Vec<(ConnId, usize)>,
    /// Bytes per piece on the way to the client.
    pub piece: usize,
    peers: BTreeMap<ConnId, Peer>,
    keys: KeyRing,
    entropy: Entropy,
}

pub fn config(era: Era) -> ClientConfig {
    let keys = Arc::new(KeyRing::test().public_ring());
    ClientConfig::new(era, ALICE, "alice-token", Endpoint::new("first", 443), keys)
}

impl Rig {
    pub fn new(era: Era) -> Self {
        Self::with(config(era), 1)
    }

    pub fn quirky(era: Era, quirk: Quirk) -> Self {
        let mut config = config(era);
        config.quirks = config.quirks.with(quirk);
        Self::with(config, 1)
    }

    pub fn with(config: ClientConfig, seed: u64) -> Self {
        Self {
            era: config.era,
            client: Client::new(config, Entropy::named(seed, "client")),
            now: Time::from_secs(1_000_000),
            events: VecDeque::new(),
            requests: VecDeque::new(),
            connects: VecDeque::new(),
            closed: Vec::new(),
            writes: Vec::new(),
            piece: usize::MAX,
            peers: BTreeMap::new(),
            keys: KeyRing::test(),
            entropy: Entropy::named(seed, "server"),
        }
    }

    /// Logged on, its PING answered, in these rooms with these last logs.
    pub fn logged_on(era: Era, rooms: &[(i64, i64)]) -> Self {
        let mut rig = Self::new(era);
        rig.log_in(rooms);
        rig
    }

    pub fn log_in(&mut self, rooms: &[(i64, i64)]) {
        self.act(Action::Login);
        self.finish_login(rooms);
    }

    /// From wherever it knocks to a session.
    pub fn finish_login(&mut self, rooms: &[(i64, i64)]) {
        while self.enter(rooms) != Door::Carriage {}
        let ping = self.expect("PING");
        self.ok(&ping);
        self.events.retain(|e| !matches!(e, Event::LoggedIn { .. }));
    }

    /// Lets it in at the next door and answers what it asks there.
    pub fn enter(&mut self, rooms: &[(i64, i64)]) -> Door {
        let door = self.accept();
        match door {
            Door::Booking => {
                let r = self.expect("GETCONF");
                self.configure(&r);
            }
            Door::Ticket | Door::Entry => {
                let r = self.expect(if door == Door::Ticket { "CHECKIN" } else { "BUY" });
                self.route(&r);
            }
            Door::Carriage => self.answer_login(rooms),
        }
        door
    }

    /// Accepts the connection that it wants, whatever the wait.
    pub fn accept(&mut self) -> Door {
        if self.connects.is_empty() {
            self.sleep();
        }
        let (conn, door, ..) = self.connects.pop_front().expect("it connects");
        let peer = Peer { door, deframer: Deframer::new(Limits::DEFAULT), layer: None, early: Vec::new() };
        self.peers.insert(conn, peer);
        self.handle(Input::Connected { conn });
        door
    }

    pub fn configure(&mut self, r: &Request) {
        let wifi = getconf::Network { fg_ping: 90, ports: vec![995, 1], ..Default::default() };
        let ticket = getconf::Ticket { lsl: vec!["ticket", "other"], ..Default::default() };
        self.reply(r, &getconf::Reply { wifi, ticket, ..Default::default() });
    }

    pub fn route(&mut self, r: &Request) {
        if self.era == Era::E2012 {
            let body = buy::Reply {
                host: "carriage",
                port: 5228,
                ping_itv: 1200,
                cache_expire: 1800,
                ..buy::Reply::default()
            };
            return self.reply(r, &body);
        }
        let body = checkin::Reply { host: "carriage", port: 5228, cache_expire: 1800, ..checkin::Reply::default() };
        self.reply(r, &body);
    }

    pub fn answer_login(&mut self, rooms: &[(i64, i64)]) {
        if self.era == Era::E2012 {
            self.answer_login_alone();
            return self.answer_list(rooms);
        }
        let r = self.expect("LOGINLIST");
        self.reply(&r, &loginlist::Reply { chat_datas: items(rooms), user_id: ALICE, eof: true, ..Default::default() });
    }

    /// 2012: the login, which brings no rooms.
    pub fn answer_login_alone(&mut self) {
        let r = self.expect("LOGIN");
        self.reply(&r, &login::Reply { status: 0, user_id: ALICE });
    }

    /// 2012: the rooms, which a client asks for when it is logged in.
    pub fn answer_list(&mut self, rooms: &[(i64, i64)]) {
        let r = self.expect("NCHATLIST");
        let info = |&(chat_id, last_log_id): &(i64, i64)| RoomInfo2012 {
            chat_id,
            kind: "DirectChat",
            last_log_id,
            ..Default::default()
        };
        self.reply(&r, &nchatlist::Reply { status: 0, chat_infos: rooms.iter().map(info).collect() });
    }

    pub fn act(&mut self, action: Action) {
        self.handle(Input::Do(action));
    }

    pub fn send(&mut self, ticket: u64, text: &str) {
        self.act(Action::Send { ticket, room: ROOM, text: text.to_owned() });
    }

    pub fn handle(&mut self, input: Input<'_>) {
        self.client.handle(input, self.now);
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect { conn, door, endpoint, tls } => self.connects.push_back((conn, door, endpoint, tls)),
                Output::Transmit { conn, bytes } => self.transmitted(conn, &bytes),
                Output::Close { conn } => {
                    self.closed.push(conn);
                    self.peers.remove(&conn);
                    self.connects.retain(|c| c.0 != conn);
                    self.requests.retain(|r| r.conn != conn);
                }
                Output::Event(event) => self.events.push_back(event),
            }
        }
    }

    /// Jumps to the client's deadline.
    pub fn sleep(&mut self) -> Duration {
        let at = self.client.deadline().expect("it waits for something");
        let slept = at - self.now;
        self.now = self.now.max(at);
        self.handle(Input::Tick);
        slept
    }

    pub fn wait(&mut self, d: Duration) {
        self.now = self.now + d;
        self.handle(Input::Tick);
    }

    fn transmitted(&mut self, conn: ConnId, bytes: &[u8]) {
        let peer = self.peers.get_mut(&conn).expect("it writes where it is connected");
        if peer.door.is_secure() && peer.layer.is_none() {
            peer.early.extend_from_slice(bytes);
            let (h, used) = Handshake::decode(&peer.early).expect("a handshake").expect("whole");
            let key = unwrap(h.era, h.wrapped.as_bytes(), &self.keys, &mut self.entropy);
            assert_eq!(h.era, self.era);
            let sealer = Sealer::new(h.era, &key, self.entropy.fork());
            let mut opener = Opener::new(h.era, &key, Limits::DEFAULT);
            opener.push(&peer.early[used..], peer.deframer.buffer_mut()).expect("sealed well");
            peer.layer = Some((sealer, opener));
        } else {
            match &mut peer.layer {
                Some((_, opener)) => opener.push(bytes, peer.deframer.buffer_mut()),
                None => peer.deframer.push(bytes),
            }
            .expect("well formed");
        }
        let mut n = 0;
        while let Some(p) = peer.deframer.next_packet().expect("well formed") {
            n += 1;
            let body = p.body.to_vec();
            self.requests.push_back(Request { conn, id: p.header.id, method: p.header.method, body });
        }
        assert_eq!(peer.deframer.pending(), 0, "whole packets in one write");
        self.writes.push((conn, n));
    }

    /// The next request, which must be this one.
    pub fn expect(&mut self, method: &str) -> Request {
        let r = self.requests.pop_front().unwrap_or_else(|| panic!("no {method}; events: {:?}", self.events));
        assert_eq!(r.method.as_str(), method, "events: {:?}", self.events);
        r
    }

    pub fn nothing_asked(&self) {
        assert!(self.requests.is_empty(), "{:?}", self.requests);
    }

    pub fn conn(&self) -> ConnId {
        self.client.connection().expect("connected")
    }

    pub fn reply<'b>(&mut self, r: &Request, body: &impl Body<'b>) {
        self.packet(r.conn, r.id, r.method, body);
    }

    pub fn ok(&mut self, r: &Request) {
        self.refuse(r, 0);
    }

    pub fn refuse(&mut self, r: &Request, status: i32) {
        self.reply(r, &status::Refusal { status });
    }

    pub fn push<'b>(&mut self, id: CommandId, body: &impl Body<'b>) {
        self.packet(self.conn(), 0, id.method(), body);
    }

    pub fn packet<'b>(&mut self, conn: ConnId, id: u32, method: Method, body: &impl Body<'b>) {
        let mut plain = Vec::new();
        encode_packet(&mut plain, id, method, |w| body.encode(w));
        self.bytes(conn, &plain);
    }

    /// Plain bytes to the client, sealed where they must be.
    pub fn bytes(&mut self, conn: ConnId, plain: &[u8]) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mut sealed = Vec::new();
        match &mut peer.layer {
            Some((sealer, _)) => sealer.seal(plain, &mut sealed),
            None => sealed.extend_from_slice(plain),
        }
        self.wire(conn, &sealed);
    }

    /// Bytes to the client as they are.
    pub fn wire(&mut self, conn: ConnId, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            self.handle(Input::Bytes { conn, bytes: piece });
        }
    }

    /// The connection breaks.
    pub fn cut(&mut self) {
        let conn = self.conn();
        self.handle(Input::Closed { conn });
        let Some(Event::Disconnected { why: Why::Closed, .. }) = self.events.pop_back() else {
            panic!("{:?}", self.events)
        };
    }

    /// The reply to WRITE.
    pub fn written(&mut self, r: &Request, log_id: i64, prev_id: i64) {
        if self.era == Era::E2012 {
            let q: write::Request2012<'_> = r.read();
            let log = ChatLog { prev_id: None, ..log(log_id, 0, ALICE, q.msg, 0) };
            return self.reply(
                r,
                &write::Reply2012 { chat_id: q.chat_id, log_id, chat_log: Some(log), ..write::Reply2012::default() },
            );
        }
        let q: write::Request<'_> = r.read();
        let body = write::Reply { chat_id: q.chat_id, log_id, prev_id, msg_id: q.msg_id, ..write::Reply::default() };
        self.reply(r, &body);
    }

    /// MSG.
    pub fn msg(&mut self, log: ChatLog<'_>) {
        let body = msg::Push { chat_id: log.chat_id, log_id: log.log_id, chat_log: log, ..msg::Push::default() };
        self.push(CommandId::Msg, &body);
    }

    /// The reply to SYNCMSG or READ; `last` is the room's last log.
    pub fn page(&mut self, r: &Request, logs: Vec<ChatLog<'_>>, end: bool, last: i64) {
        if self.era == Era::E2012 {
            let chat_room = RoomInfo { chat_id: ROOM, last_log_id: last, ..RoomInfo::default() };
            return self.reply(r, &read::Reply { status: 0, chat_room, chat_logs: logs });
        }
        let body = syncmsg::Reply { is_ok: end, chat_logs: Some(logs), ..syncmsg::Reply::default() };
        self.reply(r, &body);
    }

    /// The command that fetches logs in this era, and where it begins.
    pub fn expect_fetch(&mut self, after: i64) -> Request {
        let (method, field) = if self.era == Era::E2012 { ("READ", "since") } else { ("SYNCMSG", "cur") };
        let r = self.expect(method);
        assert_eq!(r.int(field), Some(after));
        r
    }

    pub fn events(&mut self) -> Vec<Event> {
        self.events.drain(..).collect()
    }

    pub fn messages(&mut self) -> Vec<(i64, String)> {
        let all = self.events();
        let only = |e: Event| match e {
            Event::Message(Message { log_id, text, .. }) => Some((log_id, text)),
            _ => None,
        };
        all.into_iter().filter_map(only).collect()
    }

    /// Every request has ended once, or is pending.
    pub fn tally_adds_up(&self) {
        let t = self.client.tally();
        let pending = self.client.pending_requests() as u64;
        assert_eq!(t.sent, t.replied + t.timed_out + t.disconnected + pending, "{t:?}");
    }
}
