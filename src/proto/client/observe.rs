//! What one may look at from outside, for invariants, tools and people. Nothing here changes anything.

use super::{Client, ClientConfig, ConnId, RoomSummary, State};

/// How the requests of this client have ended. `sent` is the sum of the others and of those that are pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests sent.
    pub sent: u64,
    /// Answered.
    pub replied: u64,
    /// Not answered within their time.
    pub timed_out: u64,
    /// Not answered before the connection ended.
    pub disconnected: u64,
    /// Fields in replies and pushes that nobody knows.
    pub unknown_fields: u64,
    /// Connections asked for.
    pub connects: u64,
    /// Logins that were accepted.
    pub logins: u64,
}

impl Client {
    /// What it waits for.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether it is logged on.
    #[must_use]
    pub fn is_logged_on(&self) -> bool {
        self.state == State::LoggedOn
    }

    /// Requests that are not answered yet.
    #[must_use]
    pub fn pending_requests(&self) -> usize {
        self.link.as_ref().map_or(0, |l| l.pending.len())
    }

    /// Messages that are not known to be sent.
    #[must_use]
    pub const fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// How far this user has read in `room`, as far as this client knows.
    #[must_use]
    pub fn watermark(&self, room: i64) -> Option<i64> {
        self.watermark_of(room, self.account.user_id)
    }

    /// How far `user_id` has read in `room`, as far as this client knows. It only rises.
    #[must_use]
    pub fn watermark_of(&self, room: i64, user_id: i64) -> Option<i64> {
        self.rooms.map.get(&room)?.watermark(user_id)
    }

    /// Whether a message with this ticket waits to be sent.
    #[must_use]
    pub fn has_ticket(&self, ticket: u64) -> bool {
        self.outbox.has_ticket(ticket)
    }

    /// Rises whenever something may have changed that [`Client::remember`] keeps.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// The last log of `room` that was reported; all before it were too.
    #[must_use]
    pub fn seen(&self, room: i64) -> Option<i64> {
        self.rooms.seen(room)
    }

    /// Whether nothing is being fetched, looked up or sent.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_logged_on()
            && self.outbox.len() == 0
            && self.rooms.jobs.is_empty()
            && !self.rooms.map.keys().any(|r| self.rooms.behind(*r))
    }

    /// The rooms that are known, by rising id.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        self.rooms.summaries()
    }

    /// Who we are: as the login said, before that as the configuration says.
    #[must_use]
    pub const fn user_id(&self) -> i64 {
        self.account.user_id
    }

    /// The connection that it has or wants.
    #[must_use]
    pub fn connection(&self) -> Option<ConnId> {
        self.link.as_ref().map(|l| l.conn)
    }

    /// How its requests have ended so far.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// What it was told before it started.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }
}
