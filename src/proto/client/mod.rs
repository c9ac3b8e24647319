//! The client as one machine: from the first door to a session that stays alive, sends each message once and reports
//! each message once.
//!
//! ```text
//!  Input ──> handle ──> state table ──> doors: booking ─> ticket ─> carriage   (2012: entry ─> carriage)
//!                   ├─> request map     each request ends in one of reply, timeout, disconnect
//!                   ├─> outbox          first in, first out per room; looked up before it is sent again
//!  Output <── poll  └─> catching up     pages of logs, so that a room is reported in order and without a gap
//! ```
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`config`] | what the client is told before it starts |
//! | [`event`] | inputs, actions, outputs, events |
//! | [`state`] | the table: state × happening |
//! | `route` | the doors, and which carriage server is ours for how long |
//! | `carriage` | login, list of rooms, replies |
//! | `push` | what the server sends unasked |
//! | `action` | what the user of the client wants |
//! | `sync` | catching up, looking up, sending |
//! | `observe` | what one may look at from outside |
//! | [`view`] | the rooms as a person sees them: names, titles, recent logs |
//! | [`memory`] | what must not be forgotten over a restart |
//! | `link`, `pending` | one connection and its request map |
//! | `typed`, `words` | bodies as types; what a person reads |
//! | `outbox`, `rooms`, `backoff` | plain state |
//! | [`media`], `media_request` | another machine: one file up or down, on a connection of its own |
//!
//! Rule of use: after each [`Client::handle`] drain [`Client::poll_output`] until it gives `None`, then come back with
//! [`Input::Tick`] at [`Client::deadline`] unless something happens before. The client has one connection at a time; what
//! is heard of an older one is ignored.

mod action;
mod backoff;
mod carriage;
pub mod config;
pub mod event;
mod feeds;
mod link;
pub mod media;
mod media_request;
pub mod memory;
mod observe;
mod outbox;
mod pending;
mod planted;
mod push;
mod receipt;
mod rooms;
mod route;
pub mod state;
mod sync;
#[cfg(test)]
pub(super) mod tests;
mod typed;
pub mod view;
mod words;

use std::collections::VecDeque;

pub use config::{Backoff, ClientConfig, Endpoint};
pub use event::{Action, ConnId, Event, Failure, Input, Message, Output, RoomSummary, Source, Why};
pub use memory::{Memory, MemoryError};
pub use observe::Tally;
pub use state::State;
pub use typed::{call, read_body};
pub use view::{RoomView, View};

use crate::proto::command::Body;
use crate::proto::entropy::Entropy;
use crate::proto::error::{Malformed, MalformedKind};
use crate::proto::quirk::Quirk;
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Method, Packet};
use backoff::Retries;
use carriage::Account;
use link::{Asked, Content, Link};
use outbox::Outbox;
use pending::Open;
use planted::Leftovers;
use rooms::Rooms;
use route::Route;
use state::{Happening, Move, next};
use view::Sights;

/// The client.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    state: State,
    link: Option<Link>,
    /// What is left of the connection before `link`: nothing, unless a bug is planted.
    leftovers: Leftovers,
    next_conn: ConnId,
    retries: Retries,
    /// When the backoff ends.
    retry_at: Time,
    /// When the next PING is due.
    ping_at: Time,
    route: Route,
    account: Account,
    rooms: Rooms,
    view: Sights,
    outbox: Outbox,
    entropy: Entropy,
    outputs: VecDeque<Output>,
    tally: Tally,
    /// Rises whenever something may have changed that [`Client::remember`] keeps.
    changes: u64,
}

impl Client {
    /// A client that waits for [`Action::Login`]. `entropy` must be its own: keys, IVs, jitter and message numbers
    /// come from it.
    #[must_use]
    pub fn new(config: ClientConfig, mut entropy: Entropy) -> Self {
        let retries = Retries::new(config.backoff, entropy.fork());
        let first_msg_id = i64::try_from(entropy.below(1 << 31)).unwrap_or_default();
        Self {
            state: State::Away,
            link: None,
            leftovers: Leftovers::default(),
            next_conn: 1,
            retries,
            retry_at: Time::default(),
            ping_at: Time::default(),
            route: Route::default(),
            account: Account::new(config.user_id),
            rooms: Rooms::default(),
            view: Sights::new(config.keep_logs, config.keep_bytes),
            outbox: Outbox::new(first_msg_id.max(1), !config.era.is_modern()),
            entropy,
            outputs: VecDeque::new(),
            tally: Tally::default(),
            changes: 0,
            config,
        }
    }

    /// Takes what has happened. `now` never goes back.
    pub fn handle(&mut self, input: Input<'_>, now: Time) {
        match input {
            Input::Do(action) => {
                self.changes += 1;
                self.act(action, now);
            }
            Input::Connected { conn } if self.is_current(conn) => {
                if let Some(link) = self.link.as_mut().filter(|l| !l.up) {
                    link.up = true;
                    self.step(Happening::Connected, now);
                }
            }
            Input::ConnectFailed { conn } if self.is_current(conn) => self.broken(Why::ConnectFailed, now),
            Input::Closed { conn } if self.is_current(conn) => self.broken(Why::Closed, now),
            Input::Bytes { conn, bytes } if self.is_current(conn) => self.receive(conn, bytes, now),
            _ => {}
        }
        self.timers(now);
        self.pump(now);
        self.refresh(now);
    }

    /// The next thing that the driver has to do. Once there is none, no memory is held for it: the next heartbeat is
    /// far away.
    pub fn poll_output(&mut self) -> Option<Output> {
        let next = self.outputs.pop_front();
        if next.is_none() {
            self.outputs = VecDeque::new();
        }
        next
    }

    /// When to come back if nothing happens; `None` when only an action or the server can change anything.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        if self.state == State::AwaitsRetry {
            return Some(self.retry_at);
        }
        let link = self.link.as_ref()?;
        if !link.up {
            return (!self.has(Quirk::NoConnectTimeout)).then_some(link.connect_by);
        }
        let reply = link.pending.deadline().filter(|_| !self.has(Quirk::ForgetsPending));
        let ping = Some(self.ping_at).filter(|_| self.state == State::LoggedOn && !self.has(Quirk::NeverPings));
        reply.into_iter().chain(ping).min()
    }
}

/// The frame of the machine: states, timers, connections, packets.
impl Client {
    const fn has(&self, quirk: Quirk) -> bool {
        self.config.quirks.has(quirk)
    }

    fn is_current(&self, conn: ConnId) -> bool {
        self.connection() == Some(conn)
    }

    fn tell(&mut self, event: Event) {
        self.witness(&event);
        self.outputs.push_back(Output::Event(event));
    }

    /// Does what the table says.
    fn step(&mut self, happening: Happening, now: Time) {
        match next(self.state, happening) {
            Move::Ignore => {}
            Move::Connect => self.connect(now),
            Move::Ask => self.ask_door(now),
            Move::List => self.list(now),
            Move::Serve => self.serve(now),
            Move::Retry => self.retry(now),
            Move::Detour => {
                self.hang_up(Why::Dismissed);
                self.forget_route();
                self.retry(now);
            }
            Move::StayAway => {
                self.hang_up(if happening == Happening::Logout { Why::Logout } else { Why::Dismissed });
                self.state = State::Away;
            }
        }
    }

    fn retry(&mut self, now: Time) {
        self.retry_at = now + self.next_delay();
        self.state = State::AwaitsRetry;
    }

    fn timers(&mut self, now: Time) {
        if self.state == State::AwaitsRetry && self.retry_at <= now {
            self.step(Happening::Due, now);
        }
        let Some(link) = &self.link else { return };
        if !link.up {
            //= CLIENT-CONNECT-1
            if link.connect_by <= now && !self.has(Quirk::NoConnectTimeout) {
                self.broken(Why::ConnectTimeout, now);
            }
            return;
        }
        if !self.has(Quirk::ForgetsPending) {
            self.time_out(now);
        }
        if self.state == State::LoggedOn && self.ping_at <= now && !self.has(Quirk::NeverPings) {
            self.ping(now);
        }
    }

    /// A request that is not answered in time makes the whole connection suspect: a stream that lost one reply can
    /// lose the next, and only a new login fences what the server may still do for the old one.
    fn time_out(&mut self, now: Time) {
        let mut late = None;
        while let Some(open) = self.link.as_mut().and_then(|l| l.pending.take_overdue(now)) {
            self.tally.timed_out += 1;
            self.request_ended(&open, Failure::TimedOut);
            late.get_or_insert(open.method);
        }
        //= PING-ANSWER-1
        if let Some(method) = late {
            self.broken(Why::TimedOut(method), now);
        }
    }

    /// The connection is of no more use, and nobody planned that.
    fn broken(&mut self, why: Why, now: Time) {
        self.hang_up(why);
        //= CLIENT-ROUTE-2
        if self.state != State::LoggedOn && !self.has(Quirk::KeepsDeadRoute) {
            self.route.forget();
        }
        self.step(Happening::Broken, now);
    }

    /// Closes the connection and says so; each of its open requests ends here.
    fn hang_up(&mut self, why: Why) {
        let Some(mut link) = self.link.take() else { return };
        self.changes += 1;
        self.outputs.push_back(Output::Close { conn: link.conn });
        //= CLIENT-PENDING-1
        for open in self.ended_with(&mut link) {
            self.tally.disconnected += 1;
            self.request_ended(&open, Failure::Disconnected);
        }
        self.outbox.disconnected(self.has(Quirk::ResendsBlindly));
        self.fail_doubt();
        self.rooms.disconnected();
        self.view.asking = false;
        self.tell(Event::Disconnected { door: link.door, why });
    }

    /// Says that a request has ended without a reply. WRITE has no word here: its message is in doubt, not lost.
    fn request_ended(&mut self, open: &Open<Asked>, how: Failure) {
        let room = match open.what {
            Asked::Raw { ticket, .. } => return self.tell(Event::RequestEnded { ticket, how }),
            Asked::MarkRead { room, .. } | Asked::Open { room } | Asked::Leave { room } => room,
            Asked::SetStatus => 0,
            _ => return,
        };
        self.tell(Event::ActionFailed { method: open.method, room, why: how });
    }

    /// Sends a request on the connection that there is.
    fn ask<'b>(&mut self, method: Method, asked: Asked, body: &impl Body<'b>, now: Time) {
        self.ask_with(method, asked, &Content::Fields(&|w| body.encode(w)), Vec::new(), now);
    }

    /// The same with any content, behind `out`: a handshake goes into the same write.
    fn ask_with(&mut self, method: Method, asked: Asked, content: &Content<'_>, mut out: Vec<u8>, now: Time) {
        let Some(link) = &mut self.link else { return };
        link.request(method, asked, now + self.config.request_timeout, content, &mut out);
        self.tally.sent += 1;
        self.outputs.push_back(Output::Transmit { conn: link.conn, bytes: out });
    }

    /// Takes bytes of the server. The deframer is lent out of the connection, so that packets can be borrowed from it
    /// while they are acted on.
    fn receive(&mut self, conn: ConnId, bytes: &[u8], now: Time) {
        let Some(link) = self.link.as_mut().filter(|l| l.up) else { return };
        let (limits, bytes) = (self.config.limits, self.leftovers.before(conn, bytes));
        let mut deframer = core::mem::replace(&mut link.deframer, Deframer::new(limits));
        let received = link.receive(&bytes, &mut deframer);
        loop {
            // Whole packets before the first bad byte count: the server has sent them.
            let step = match deframer.next_packet() {
                Ok(Some(packet)) => {
                    self.packet(&packet, now);
                    Ok(())
                }
                Ok(None) => break,
                Err(e) => Err(e),
            };
            //= CLIENT-FRAME-1
            if let Err(e) = step {
                if self.overlooks(e, &mut deframer) {
                    continue;
                }
                return self.broken(Why::Malformed(e), now);
            }
            if !self.is_current(conn) {
                return;
            }
            deframer = self.after_packet(deframer);
        }
        let over = deframer.pending() > limits.pending_bytes_max;
        let held = if over { Err(MalformedKind::PendingTooLong.at(0)) } else { received };
        if let Err(e) = held.or_else(|e| self.bears(e)) {
            return self.broken(Why::Malformed(e), now);
        }
        self.give_back(deframer);
    }

    fn packet(&mut self, packet: &Packet<'_>, now: Time) {
        let header = packet.header;
        //= CLIENT-PUSH-1
        let open = self.answered_by(&header);
        self.changes += u64::from(open.as_ref().is_none_or(|o| o.what != Asked::Ping));
        let acted = match &open {
            Some(open) => self.replied(open, packet, now),
            None => {
                self.learn_push(packet);
                self.pushed(packet, now)
            }
        };
        self.tally.replied += u64::from(open.is_some() && acted.is_ok());
        if let Err(error) = acted {
            self.bad_body(open, header.method, error, now);
        }
    }

    /// A body that cannot be read. It has not been acted on in any part, and harms nothing but itself; without the
    /// replies that a session stands on there is none.
    fn bad_body(&mut self, open: Option<Open<Asked>>, method: Method, error: Malformed, now: Time) {
        //= CLIENT-BODY-1
        if let Some(open) = open {
            if open.what.carries_the_session() {
                if let Some(link) = &mut self.link {
                    link.pending.put_back(open);
                }
                return self.broken(Why::Malformed(error), now);
            }
            self.tally.replied += 1;
            if let Asked::Write { room, msg_id } = open.what {
                self.outbox.answered_badly(room, msg_id);
                self.rooms.dirty.insert(room);
            }
            self.request_ended(&open, Failure::BadReply);
        }
        self.tell(Event::BadBody { method, error });
    }

    /// Reads a typed body.
    fn read<'a, T: Body<'a>>(&mut self, packet: &Packet<'a>) -> Result<T, Malformed> {
        let mut unknown = 0;
        let body = T::decode(packet.document(&self.config.limits)?, &mut unknown)?;
        self.tally.unknown_fields += u64::from(unknown);
        Ok(body)
    }
}
