//! Watches the server from outside: its notes, and the traffic of its connections, opened with the clients' keys.
//!
//! Checks `fenced`, `matched`, `private`, `once` of pushes, `watermarks` of pushes, `told`, `whole` of uploads that go on,
//! `alive` of the server's side and `bounded`. It knows the protocol's commands, and nothing of the server's inside.

mod ends;
mod files;
mod lists;
mod logs;
mod members;
mod requests;
mod view;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub use self::ends::Bounds;
use self::files::{Uploads, begins_transfer};
use self::lists::Lists;
use self::view::{Asked, Login, View};
use super::clock::SimClock;
use super::invariants::{Court, Invariant};
use super::model::feeds::Cause;
use super::net::port;
use super::sometimes::Sometimes;
use super::tap::{Keys, Seen, Tap};
use super::tokens::Tokens;
use super::trace::{Kind, Tracer, Way};
use crate::net::serve::Note;
use crate::proto::secure::Era;
use crate::proto::server::ConnId;
use crate::proto::time::Time;
use crate::proto::wire::Value;

/// So many bytes more wait for a peer that gets a file: what is read ahead of it, and one piece.
const FILE_QUEUE: usize = 192 << 10;
/// Between two looks at what only time can show. The bounds have more slack than that.
pub const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the server's closes were for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closes {
    /// Silence.
    pub idle: u64,
    /// No login in time.
    pub login_timeout: u64,
    /// Not reading.
    pub slow: u64,
    /// A newer login.
    pub fenced: u64,
    /// Bytes that cannot be.
    pub malformed: u64,
    /// A planned stop.
    pub drained: u64,
    /// The store failed.
    pub store: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// Units of work that were committed.
    pub commits: u64,
    /// Packets that came.
    pub packets_in: u64,
    /// Packets that went.
    pub packets_out: u64,
}

/// The watch.
pub struct Watch {
    clock: SimClock,
    trace: Tracer,
    court: Court,
    keys: Keys,
    bounds: Bounds,
    host: Arc<str>,
    conns: BTreeMap<ConnId, View>,
    members: BTreeMap<i64, BTreeSet<i64>>,
    /// Left in the batch that is being written: pushes of before may still come behind.
    leaving: Vec<(i64, i64)>,
    /// Came in with the batch that is being written.
    came_in: BTreeSet<(i64, i64)>,
    /// Requests without an answer that let somebody in.
    coming: BTreeMap<(i64, i64), u32>,
    /// The rooms that were there before the run.
    first: BTreeSet<i64>,
    /// What was ever asked for that makes a feed.
    wanted: BTreeSet<(i64, Cause)>,
    /// What has changed in rooms, and which devices were told.
    lists: Lists,
    /// What the server has of files that go up.
    uploads: Uploads,
    /// Somebody has logged in since the last look at who has more than one session.
    logged_in: bool,
    /// When to look next at what only time can show.
    look_at: Time,
    closes: Closes,
    /// Where it says what it has seen of interest.
    sometimes: Sometimes,
    tokens: Tokens,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch({} connections)", self.conns.len())
    }
}

impl Watch {
    /// Watches a server that has not started; `members` are those of each room at the start.
    #[must_use]
    pub fn new(
        clock: SimClock,
        trace: Tracer,
        court: Court,
        keys: Keys,
        bounds: Bounds,
        members: BTreeMap<i64, BTreeSet<i64>>,
    ) -> Self {
        let (host, conns, leaving, wanted) = ("server".into(), BTreeMap::new(), Vec::new(), BTreeSet::new());
        let (closes, logged_in, look_at) = (Closes::default(), false, clock.now());
        let (sometimes, tokens) = (Sometimes::new(clock.clone()), Tokens::default());
        let first = members.keys().copied().collect();
        Self {
            clock,
            trace,
            court,
            keys,
            bounds,
            host,
            conns,
            members,
            leaving,
            came_in: BTreeSet::new(),
            coming: BTreeMap::new(),
            first,
            wanted,
            lists: Lists::default(),
            uploads: Uploads::default(),
            logged_in,
            look_at,
            closes,
            sometimes,
            tokens,
        }
    }

    /// The same, which says here what it has seen of interest, and knows whose tokens are expired.
    #[must_use]
    pub fn seeing(self, sometimes: Sometimes, tokens: Tokens) -> Self {
        Self { sometimes, tokens, ..self }
    }

    /// The server on this host is dead: its connections are nobody's any more.
    pub fn restart(&mut self, host: &str) {
        self.uploads_lost(host);
        self.conns.retain(|_, v| &*v.host != host);
        self.settle_leaving();
    }

    /// What was counted.
    #[must_use]
    pub const fn closes(&self) -> Closes {
        self.closes
    }

    /// Connections that the server has not done with.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.conns.len()
    }

    /// The devices that are logged on, each with the number of its live sessions.
    #[must_use]
    pub fn sessions(&self) -> BTreeMap<String, usize> {
        let mut all = BTreeMap::new();
        for login in self.conns.values().filter(|v| v.closing.is_none()).filter_map(|v| v.login.as_ref()) {
            *all.entry(login.device.clone()).or_default() += 1;
        }
        all
    }

    /// Whether nobody is connected who is not logged on.
    #[must_use]
    pub fn only_sessions(&self) -> bool {
        self.conns.values().all(|v| v.login.is_some() && v.closing.is_none())
    }

    /// Hears what the server on this host does.
    pub fn hear(&mut self, host: &Arc<str>, note: &Note<'_>) {
        self.host.clone_from(host);
        let now = self.clock.now();
        match *note {
            Note::Accepted(conn, door) => {
                self.settle_leaving();
                self.trace.accepted(&self.host, port::of(door), conn);
                self.record(conn, Kind::Line(format!("accepted at {}", door.as_str())));
                self.conns.insert(conn, View::new(host, door, Tap::new(self.keys.clone()), now));
                if self.conns.len() > self.bounds.connections {
                    let n = self.conns.len();
                    self.court.report(Invariant::Bounded, format!("the server has {n} connections"));
                }
            }
            Note::Read(conn, bytes) => {
                self.settle_leaving();
                let Some(view) = self.conns.get_mut(&conn) else { return };
                view.read = now;
                let all = view.tap.up(bytes);
                self.sometimes.server_read(conn, all.len());
                for seen in all {
                    self.came(conn, &seen);
                }
                self.upload_read(conn);
            }
            Note::Written(conn, bytes) => {
                let Some(view) = self.conns.get_mut(&conn) else { return };
                for seen in view.tap.up(&[]) {
                    self.came(conn, &seen);
                }
                let Some(view) = self.conns.get_mut(&conn) else { return };
                let seen = view.tap.down(bytes);
                let most = self.bounds.queue + if view.file.is_some() { FILE_QUEUE } else { 0 };
                let wrong = view.wire.written(bytes, view.tap.era(), most);
                if let Some((invariant, what)) = wrong {
                    self.court.report(invariant, format!("c{conn} {what}"));
                }
                if view.closing.is_some() {
                    self.court.report(Invariant::Fenced, format!("c{conn} was ended, and is still written to"));
                }
                for seen in seen {
                    self.went(conn, &seen);
                }
            }
            Note::Sent(conn, bytes) => {
                if let Some(view) = self.conns.get_mut(&conn) {
                    view.sent = now;
                    view.wire.sent(bytes);
                }
            }
            Note::Closing(conn, why) => self.closing(conn, why, now),
            Note::Gone(conn) => {
                self.record(conn, Kind::Line("gone".to_owned()));
                self.upload_ends(conn);
                self.conns.remove(&conn);
            }
            Note::Committed => {
                self.closes.commits += 1;
                self.sometimes.server_commits();
                self.uploads_kept();
                self.record(0, Kind::Server("committed".to_owned()));
            }
            Note::AcceptFailed(door, e) => {
                self.record(0, Kind::Server(format!("accepting failed at {}: {:?}", door.as_str(), e.kind())));
            }
        }
    }

    fn record(&self, conn: ConnId, kind: Kind) {
        self.trace.record(&self.host, conn, kind);
    }

    fn packet(&self, conn: ConnId, way: Way, p: &Seen) {
        self.trace.packet(&self.host, conn, way, p);
    }

    fn came(&mut self, conn: ConnId, p: &Seen) {
        self.closes.packets_in += 1;
        self.packet(conn, Way::In, p);
        let Some(view) = self.conns.get_mut(&conn) else { return };
        self.sometimes.server_packet(conn, p, view.tap.era() == Some(Era::E2012));
        let device = p.document().and_then(|d| match d.get("duuid") {
            Some(Value::String(s)) => Some(s.to_owned()),
            _ => None,
        });
        let room = p.integer("chatId").unwrap_or_default();
        let number = |name: &str| p.integer(name).unwrap_or_default();
        let page = match p.method.as_str() {
            "SYNCMSG" => Some((number("cur"), number("max"))),
            "READ" => Some((number("since"), 0)),
            _ => None,
        };
        let mark = if p.method == "NOTIREAD" { p.integer("watermark") } else { None };
        let mut asked = Asked { device, room, causes: Vec::new(), page, mark };
        if begins_transfer(&p.method) {
            self.wants_transfer(conn, p);
        } else if p.method == "LOGINLIST" {
            self.login_asks(conn, asked.device.as_deref().unwrap_or_default());
        } else if let Some(login) = view.login.clone() {
            self.asks(&login, &mut asked, p);
        }
        self.note_request(conn, asked, p);
    }

    fn went(&mut self, conn: ConnId, p: &Seen) {
        self.closes.packets_out += 1;
        self.packet(conn, Way::Out, p);
        let Some(view) = self.conns.get_mut(&conn) else { return };
        view.wire.says(&p.method);
        match view.asked.get_mut(&(p.id, p.method.clone())) {
            Some(asked) if !asked.is_empty() => {
                let asked = asked.remove(0);
                self.sometimes.server_replies(conn, p.id);
                self.replied(conn, &asked, p);
            }
            _ if p.id == 0 && logs::is_push(&p.method) => self.pushed(conn, p),
            _ => {
                let (method, id) = (&p.method, p.id);
                let what = format!("c{conn} gets {method} with id {id}, which it has not asked for");
                self.court.report(Invariant::Matched, what);
            }
        }
    }

    fn replied(&mut self, conn: ConnId, asked: &Asked, p: &Seen) {
        self.answered(asked, p);
        if p.integer("status") != Some(0) {
            return;
        }
        let Some(view) = self.conns.get_mut(&conn) else { return };
        match p.method.as_str() {
            "LOGINLIST" | "LOGIN" => {
                self.closes.logins += 1;
                let (device, user) =
                    (asked.device.clone().unwrap_or_default(), p.integer("userId").unwrap_or_default());
                if self.tokens.expired_since(user).is_some_and(|at| self.clock.now() - at > self.bounds.slack) {
                    let what = format!("{device} is logged in with a token that has expired");
                    self.court.report(Invariant::Refused, what);
                }
                let login = Login { device, user };
                view.login = Some(login.clone());
                self.logged_in = true;
                if p.method == "LOGINLIST" {
                    self.rooms_listed(conn, &login, p);
                }
            }
            "POST" | "MPOST" => self.upload_begins(conn, p),
            // It has made a log, and does not say which.
            "DELETELINK" => view.last.clear(),
            // Its writer has it: a push of the same message would be one too many.
            "WRITE" | "CWRITE" => {
                let room = if asked.room == 0 { p.integer("chatId").unwrap_or_default() } else { asked.room };
                if let Some(log) = p.integer("logId") {
                    view.pushed.insert((room, log));
                    self.follows(conn, room, log, p.integer("prevId"));
                }
            }
            // So has whoever made a feed.
            method if logs::MAKES_LOG.contains(&method) => {
                if let Some(Value::Document(log)) = p.document().and_then(|d| d.get("chatLog"))
                    && let (Some(id), Some(room)) = (log.integer("logId"), log.integer("chatId"))
                {
                    view.pushed.insert((room, id));
                    if method == "JOINLINK" {
                        // Its history begins here.
                        view.last.remove(&room);
                    }
                    self.follows(conn, room, id, log.integer("prevId"));
                }
            }
            _ => {}
        }
        if let Some(login) = self.conns.get(&conn).and_then(|view| view.login.clone()) {
            self.told(conn, &login, asked, p);
        }
    }

    fn pushed(&mut self, conn: ConnId, p: &Seen) {
        let Some(view) = self.conns.get_mut(&conn) else { return };
        if view.file.is_some() && p.method == "COMPLETE" {
            return;
        }
        let Some(login) = &view.login else {
            self.court.report(Invariant::Private, format!("c{conn} gets {} before it is logged on", p.method));
            return;
        };
        let login = login.clone();
        let Some(room) = p.integer("chatId").or_else(|| logs::room_of_log(p)) else { return };
        if p.method == "LEFT" {
            return self.left(conn, room);
        }
        if !self.may_hear(room, login.user) {
            let what = format!("{} gets {} of room {room}, of which it is no member", login.device, p.method);
            self.court.report(Invariant::Private, what);
        }
        if let (Some(user), Some(mark), Some(view)) =
            (p.integer("userId"), p.integer("watermark"), self.conns.get_mut(&conn))
        {
            let before = view.marks.insert((room, user), mark).unwrap_or(i64::MIN);
            if mark < before {
                let what = format!("user {user} had read room {room} up to {before}, and now up to {mark}");
                self.court.report(Invariant::Watermarks, what);
            }
            self.mark_told(&login, room, user, mark);
        }
        if p.method == "CHGMETA" {
            self.meta_told(&login, p);
        }
        self.log_pushed(conn, room, p);
    }
}
