//! The server's hot path makes no memory: counted, without what the store makes.

use std::time::Duration;

use allocation_counter::{measure, opt_out};

use super::store::{Effect, Log, Membership, Room, RoomKind, Shelf, Store, StoreError, User};
use super::{Config, ConnId, Input, Output, Server};
use crate::proto::client::tests::memory::Memory;
use crate::proto::command::field::Body;
use crate::proto::command::{Door, loginlist, ping, write};
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, KeyRing, Opener, Sealer, SessionKey, wrap};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Method, encode_packet};

const ROOM: i64 = 7000;
/// Members of the room: the writer, and those who get pushes.
const MEMBERS: i64 = 11;
const TEXT: &str = "I will be there in five minutes, wait for.";

/// What `work` gives, and its allocations do not count.
fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let mut done = None;
    opt_out(|| done = Some(work()));
    done.expect("it was called")
}

/// A store whose own allocations do not count.
struct Uncounted(Memory);

impl Store for Uncounted {
    fn user_by_token(&self, token: &str) -> Result<Option<User>, StoreError> {
        uncounted(|| self.0.user_by_token(token))
    }
    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        uncounted(|| self.0.user(id))
    }
    fn rooms_of(&self, user_id: i64) -> Result<Vec<i64>, StoreError> {
        uncounted(|| self.0.rooms_of(user_id))
    }
    fn room(&self, id: i64) -> Result<Option<Room>, StoreError> {
        uncounted(|| self.0.room(id))
    }
    fn logs(&self, chat_id: i64, after: i64, up_to: i64, most: usize) -> Result<Vec<Log>, StoreError> {
        uncounted(|| self.0.logs(chat_id, after, up_to, most))
    }
    fn count_unread(&self, chat_id: i64, after: i64, reader: i64, most: usize) -> Result<usize, StoreError> {
        uncounted(|| self.0.count_unread(chat_id, after, reader, most))
    }
    fn log(&self, chat_id: i64, log_id: i64) -> Result<Option<Log>, StoreError> {
        uncounted(|| self.0.log(chat_id, log_id))
    }
    fn get(&self, shelf: Shelf, key: (i64, i64)) -> Result<Option<Vec<u8>>, StoreError> {
        uncounted(|| self.0.get(shelf, key))
    }
    fn range(&self, shelf: Shelf, first: i64, after: i64, most: usize) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        uncounted(|| self.0.range(shelf, first, after, most))
    }
    fn apply(&mut self, effect: &Effect) -> Result<(), StoreError> {
        uncounted(|| self.0.apply(effect))
    }
}

/// A server with logged-in sessions, and their ends of the connections.
struct Rig {
    server: Server,
    store: Uncounted,
    peers: Vec<(Sealer, Opener, Deframer)>,
    now: Time,
}

impl Rig {
    fn new(era: Era) -> Self {
        let person = |id: i64| User {
            id,
            name: format!("user{id}"),
            nick_name: format!("user{id}"),
            token: format!("token{id}"),
        };
        let member = |user_id| Membership { user_id, joined_at: 0, watermark: 0, muted: false };
        let mut memory = Memory { users: (1..=MEMBERS).map(person).collect(), ..Memory::default() };
        let members = (1..=MEMBERS).map(member).collect();
        let kind = RoomKind::Multi;
        memory.rooms.insert(ROOM, Room { id: ROOM, kind, members, last_log_id: 0, updated_at: 0, link_id: 0 });
        let mut rig = Self {
            server: Server::new(Config::default(), Entropy::named(1, "server")),
            store: Uncounted(memory),
            peers: Vec::new(),
            now: Time::from_secs(1_700_000_000),
        };
        for id in 1..=MEMBERS {
            rig.log_in(era, id);
        }
        rig
    }

    fn log_in(&mut self, era: Era, id: i64) {
        let conn = ConnId::try_from(id).expect("a number above 0");
        let (mut entropy, ring) = (Entropy::named(conn, "client"), KeyRing::test());
        let key = SessionKey::generate(&mut entropy);
        let mut hello = Vec::new();
        wrap(era, &key, &ring.public_ring(), &mut entropy).expect("it wraps").encode(&mut hello);
        self.take(Input::Accepted { conn, door: Door::Carriage });
        self.take(Input::Bytes { conn, bytes: &hello });
        assert!(matches!(self.server.poll_output(), Some(Output::Unwrap { .. })));
        self.take(Input::Unwrapped { conn, key: key.clone() });
        let limits = Limits::DEFAULT;
        let peer = (Sealer::new(era, &key, entropy), Opener::new(era, &key, limits), Deframer::new(limits));
        self.peers.push(peer);
        let token = format!("token{id}");
        let q = loginlist::Request { oauth_token: &token, os: "win32", app_ver: "3", duuid: "d", ..Default::default() };
        let sealed = self.sealed(conn, Method::constant("LOGINLIST"), |w| q.encode(w));
        self.take(Input::Bytes { conn, bytes: &sealed });
        assert_eq!(self.drain(), 1, "the reply");
    }

    fn sealed(
        &mut self,
        conn: ConnId,
        method: Method,
        body: impl FnOnce(&mut crate::proto::wire::Writer<'_>),
    ) -> Vec<u8> {
        let (mut packet, mut sealed) = (Vec::new(), Vec::new());
        encode_packet(&mut packet, 2, method, body);
        self.peers[conn as usize - 1].0.seal(&packet, &mut sealed);
        sealed
    }

    fn take(&mut self, input: Input<'_>) {
        self.now = self.now + Duration::from_millis(1);
        self.server.handle(input, self.now, &mut self.store).expect("the store is in memory");
    }

    /// Does what a driver does with what is to be written, and counts the packets in it.
    fn drain(&mut self) -> usize {
        let mut packets = 0;
        while let Some(output) = self.server.poll_output() {
            let Output::Transmit { conn, bytes } = output else { panic!("{output:?}") };
            let (len, (_, opener, deframer)) = (bytes.len(), &mut self.peers[conn as usize - 1]);
            opt_out(|| {
                opener.push(&bytes, deframer.buffer_mut()).expect("it opens");
                while deframer.next_packet().expect("a packet").is_some() {
                    packets += 1;
                }
            });
            self.server.recycle(bytes);
            self.take(Input::Sent { conn, bytes: len });
        }
        packets
    }

    /// Allocations of one request after some others like it, which make the buffers.
    fn allocations(
        &mut self,
        method: Method,
        body: &dyn Fn(&mut crate::proto::wire::Writer<'_>),
        packets: usize,
    ) -> u64 {
        let mut last = 0;
        for _ in 0..20 {
            let sealed = self.sealed(1, method, body);
            let counted = measure(|| {
                self.take(Input::Bytes { conn: 1, bytes: &sealed });
                self.take(Input::Tick);
                assert_eq!(self.drain(), packets);
            });
            last = counted.count_total;
        }
        last
    }
}

#[test]
fn a_ping_makes_no_memory() {
    for era in [Era::E2019, Era::E2023, Era::E2025] {
        let made = Rig::new(era).allocations(Method::constant("PING"), &|w| ping::Request {}.encode(w), 1);
        assert_eq!(made, 0, "{era}");
    }
}

#[test]
fn a_write_to_ten_others_makes_the_text_that_is_kept_and_no_other_memory() {
    let q = write::Request { chat_id: ROOM, kind: 1, no_seen: Some(false), msg: Some(TEXT), ..Default::default() };
    for era in [Era::E2019, Era::E2023, Era::E2025] {
        let packets = usize::try_from(MEMBERS).expect("few");
        let made = Rig::new(era).allocations(Method::constant("WRITE"), &|w| q.encode(w), packets);
        assert_eq!(made, 1, "{era}");
    }
}
