//! The machine: connections, their timers, and the way of a packet through the table.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sha2::{Digest, Sha256};

use super::buffers::Buffers;
use super::dispatch::Answer;
use super::media::Transfer;
use super::planted::Planted;
use super::stats::Stats;
use super::store::{Store, StoreError};
use super::{Config, ConnId};
use crate::proto::command::Door;
use crate::proto::entropy::Entropy;
use crate::proto::error::{Malformed, PeerMisbehaved};
use crate::proto::quirk::Quirk;
use crate::proto::secure::{Era, SessionKey};
use crate::proto::session::server::{Device, Received};
use crate::proto::session::{Event, Move, Session, State, next};
use crate::proto::time::Time;

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A connection came through a door.
    Accepted {
        /// A name that was never used before.
        conn: ConnId,
        /// Which server it was made to.
        door: Door,
    },
    /// Bytes came.
    Bytes {
        /// From whom.
        conn: ConnId,
        /// What.
        bytes: &'a [u8],
    },
    /// The answer to [`Output::Unwrap`]: always a key, whatever the block was.
    Unwrapped {
        /// Whose.
        conn: ConnId,
        /// The key.
        key: SessionKey,
    },
    /// The peer has taken this many bytes of what was transmitted.
    Sent {
        /// Who.
        conn: ConnId,
        /// How many.
        bytes: usize,
    },
    /// The connection is gone.
    Closed {
        /// Which.
        conn: ConnId,
    },
    /// Somebody in charge ends all sessions of a user: KICKOUT with this reason, then close.
    Kick {
        /// Whose.
        user: i64,
        /// What KICKOUT says: 1 for an account that is restricted or deleted.
        reason: i32,
    },
    /// The carriage server is there from now on: who asks CHECKIN or BUY is sent to it. Sessions stay as they are.
    Carriage {
        /// Its host.
        host: &'a str,
        /// Its port.
        port: u16,
    },
    /// The server is about to stop: CHANGESVR to everybody, then close.
    Drain,
    /// The deadline has come.
    Tick,
}

/// Why a connection is closed by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its bytes cannot be.
    Malformed(Malformed),
    /// Its timing or order.
    Misbehaved(PeerMisbehaved),
    /// A newer login of the same device, or a newer upload of the same file.
    Fenced,
    /// Somebody in charge has ended the user's sessions.
    Kicked,
    /// The server stops.
    Drained,
    /// Too many connections.
    Full,
    /// The store failed.
    Store,
    /// All that it was made for is done: a file went up or down.
    Done,
    /// A planted bug.
    Quirk,
}

/// What the driver has to do.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes.
    Transmit {
        /// To whom.
        conn: ConnId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Unwrap this session key and come back with [`Input::Unwrapped`].
    Unwrap {
        /// Whose.
        conn: ConnId,
        /// Which padding.
        era: Era,
        /// The RSA block.
        wrapped: Vec<u8>,
    },
    /// Write what is queued, then close.
    Close {
        /// Whom.
        conn: ConnId,
        /// Why.
        why: Why,
    },
}

/// The machine.
#[derive(Debug)]
pub struct Server {
    pub(super) config: Config,
    // Boxed: the map's nodes are half empty when ids rise.
    pub(super) sessions: BTreeMap<ConnId, Box<Session>>,
    pub(super) online: BTreeMap<(i64, Device), ConnId>,
    pub(super) packet: Vec<u8>,
    pub(super) stats: Stats,
    /// Its buffers are used again. Boxed, as it is taken out for each request.
    pub(super) answer: Option<Box<Answer>>,
    pub(super) entropy: Entropy,
    pub(super) last_log_id: i64,
    pub(super) media_secret: [u8; 32],
    pub(super) transfers: BTreeMap<ConnId, Transfer>,
    pub(super) timers: BTreeSet<(Time, ConnId)>,
    pub(super) dirty: BTreeSet<ConnId>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) buffers: Buffers,
    /// Empty, but while a push goes to these.
    pub(super) targets: Vec<ConnId>,
    pub(super) planted: Planted,
    /// When the input came that is being handled.
    pub(super) now: Time,
}

impl Server {
    /// A server without connections.
    #[must_use]
    pub fn new(config: Config, entropy: Entropy) -> Self {
        Self {
            config,
            sessions: BTreeMap::new(),
            online: BTreeMap::new(),
            packet: Vec::new(),
            stats: Stats::default(),
            answer: None,
            // A look ahead and not a draw: the streams of the connections stay what they are.
            media_secret: Sha256::new()
                .chain_update("media keys")
                .chain_update(entropy.clone().bytes::<32>())
                .finalize()
                .into(),
            entropy,
            last_log_id: 0,
            transfers: BTreeMap::new(),
            timers: BTreeSet::new(),
            dirty: BTreeSet::new(),
            outputs: VecDeque::new(),
            buffers: Buffers::default(),
            targets: Vec::new(),
            planted: Planted::default(),
            now: Time::default(),
        }
    }

    /// Takes what happened.
    ///
    /// # Errors
    /// The store failed: drop the unit of work and call [`Server::abandon`].
    pub fn handle(&mut self, input: Input<'_>, now: Time, store: &mut dyn Store) -> Result<(), StoreError> {
        self.now = now;
        match input {
            Input::Accepted { conn, door } => self.accept(conn, door, now),
            Input::Bytes { conn, bytes } => {
                let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
                if s.deframer.is_bare() {
                    s.deframer.lend(self.buffers.take());
                }
                let received = s.receive(bytes);
                if s.state == State::LoggedOn && !self.config.quirks.has(Quirk::PingIsNoSignOfLife) {
                    s.deadline = now + self.config.idle_after(s.era == Some(Era::E2012));
                }
                return self.received(conn, received, now, store);
            }
            Input::Unwrapped { conn, key } => {
                let entropy = self.entropy.fork();
                let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
                let received = s.key(&key, entropy, self.config.limits).map(|()| Received::Packets);
                return self.received(conn, received, now, store);
            }
            Input::Sent { conn, bytes } => {
                let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
                s.in_flight = s.in_flight.saturating_sub(bytes);
                if s.state == State::Media {
                    return self.taken(conn, now, store);
                }
            }
            Input::Closed { conn } => {
                self.forget(conn);
                return self.keep_rest(conn, store);
            }
            Input::Kick { user, reason } => {
                for conn in self.devices_of(user) {
                    self.kick(conn, reason, Why::Kicked);
                }
            }
            Input::Carriage { host, port } => {
                self.config.carriage_host = Some(host.to_owned());
                self.config.carriage_port = port;
            }
            Input::Drain => {
                let all: Vec<ConnId> = self.sessions.keys().copied().collect();
                for conn in all {
                    self.event(conn, Event::Drained, Why::Drained);
                }
            }
            Input::Tick => self.tick(now),
        }
        Ok(())
    }

    /// The next thing to do; drain it until it is empty, after the commit.
    //= PROMISE-DURABLE-1
    pub fn poll_output(&mut self) -> Option<Output> {
        self.planted.batch.clear();
        while let Some(conn) = self.dirty.pop_first() {
            let Some(s) = self.sessions.get_mut(&conn) else { continue };
            if s.out.is_empty() {
                continue;
            }
            let bytes = core::mem::take(&mut s.out);
            s.in_flight += bytes.len();
            return Some(Output::Transmit { conn, bytes });
        }
        let next = self.outputs.pop_front()?;
        if let Output::Close { conn, .. } = &next {
            self.sessions.remove(conn);
        }
        Some(next)
    }

    /// When to come back with [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.timers.first().map(|(t, _)| *t)
    }

    /// The commit failed: whoever would have been answered is cut off, so that nobody believes what was lost.
    pub fn abandon(&mut self) {
        let held: Vec<ConnId> = core::mem::take(&mut self.dirty).into_iter().collect();
        for conn in held {
            if let Some(s) = self.sessions.get_mut(&conn) {
                s.out.clear();
            }
            self.close(conn, Why::Store);
        }
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the settings: the driver knows the ports only once they are bound.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Connections at present.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.sessions.len()
    }

    /// The live session of each user and device: what `fenced` is checked on.
    pub fn online(&self) -> impl Iterator<Item = (i64, Device, ConnId)> + '_ {
        self.online.iter().map(|((u, d), c)| (*u, *d, *c))
    }

    //= LIMIT-LOGIN-1
    fn accept(&mut self, conn: ConnId, door: Door, now: Time) {
        let deadline = now + self.config.limits.login_within;
        self.sessions.insert(conn, Box::new(Session::new(door, self.config.limits, deadline)));
        self.timers.insert((deadline, conn));
        if self.sessions.len() > self.config.limits.connections_max {
            self.close(conn, Why::Full);
        }
    }

    fn tick(&mut self, now: Time) {
        while let Some(&(at, conn)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, conn));
            let Some(s) = self.sessions.get(&conn).filter(|s| s.state != State::Closing) else { continue };
            if s.deadline > now {
                self.timers.insert((s.deadline, conn));
                continue;
            }
            let patient = if s.user.is_none() { Quirk::NoLoginTimeout } else { Quirk::NoIdleTimeout };
            if self.config.quirks.has(patient) || self.config.quirks.has(Quirk::NoIdleTimeout) {
                continue;
            }
            //= PROMISE-ALIVE-1
            let why = match self.transfers.get(&conn) {
                Some(Transfer::Down(_)) => PeerMisbehaved::SlowReader,
                None if s.user.is_none() => PeerMisbehaved::LoginTimeout,
                Some(Transfer::Up(_)) | None => PeerMisbehaved::Idle,
            };
            self.stats.idle_closed += 1;
            self.event(conn, Event::Silence, Why::Misbehaved(why));
        }
    }

    /// An event that needs no packet.
    pub(super) fn event(&mut self, conn: ConnId, event: Event, why: Why) {
        let Some(s) = self.sessions.get(&conn) else { return };
        match next(s.state, event) {
            Move::Kick => self.kick(conn, 0, why),
            Move::Move => {
                self.push_changesvr(conn);
                self.close(conn, why);
            }
            Move::Close => self.close(conn, why),
            Move::To(_) | Move::Handle | Move::Refuse(_) | Move::Ignore => (),
        }
    }

    /// Says why the session is over, then closes.
    //= CLOSE-KICKOUT-1, CLOSE-KICKOUT-3
    fn kick(&mut self, conn: ConnId, reason: i32, why: Why) {
        self.push_kickout(conn, reason);
        self.close(conn, why);
    }

    pub(super) fn close(&mut self, conn: ConnId, why: Why) {
        let Some(s) = self.sessions.get_mut(&conn).filter(|s| s.state != State::Closing) else { return };
        s.state = State::Closing;
        let user = s.user.take();
        self.transfers.remove(&conn);
        self.outputs.push_back(Output::Close { conn, why });
        self.leave(conn, user);
    }

    //= CLOSE-HALF-1, CLOSE-OTHERS-1
    fn forget(&mut self, conn: ConnId) {
        if let Some(s) = self.sessions.remove(&conn) {
            self.timers.remove(&(s.deadline, conn));
            self.leave(conn, s.user);
        }
    }

    /// Off line, unless a newer session has taken the place: cleaning up the old one must not end the new one.
    fn leave(&mut self, conn: ConnId, user: Option<(i64, Device)>) {
        let blind = self.config.quirks.has(Quirk::CleanupEndsNewSession);
        if let Some(key) = user.filter(|key| blind || self.online.get(key) == Some(&conn)) {
            self.online.remove(&key);
        }
    }
}
