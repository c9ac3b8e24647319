//! Which handler answers which command, and what goes into a handler and comes out of it.

use std::collections::BTreeMap;

use super::Config;
use super::handlers as h;
use super::media::Transfer;
use super::store::{Effect, Store, StoreError};
use crate::proto::command::field::{Body, encode};
use crate::proto::command::{COMMANDS, CommandId, status};
use crate::proto::error::Malformed;
use crate::proto::secure::Era;
use crate::proto::session::server::Device;
use crate::proto::time::Time;
use crate::proto::wire::Document;

/// A request, as a handler sees it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The command.
    pub id: CommandId,
    /// The generation of the peer.
    pub era: Era,
    /// The user, 0 before login.
    pub user: i64,
    /// The time.
    pub now: Time,
    /// The body, checked to be BSON.
    pub body: Document<'a>,
    /// The server's settings.
    pub config: &'a Config,
    /// The highest log id that this server has given.
    pub last_log_id: i64,
    /// What makes the keys of files unguessable.
    pub media_secret: [u8; 32],
    /// The last log of rooms before this batch: nothing, unless `loses-prev-id-in-batch` is planted.
    pub batch: &'a BTreeMap<i64, i64>,
}

impl<'a> Ask<'a> {
    /// The body as its type. Fields that nobody knows are counted in the answer.
    ///
    /// # Errors
    /// A field that is missing or of a wrong type.
    pub fn body<T: Body<'a>>(&self, answer: &mut Answer) -> Result<T, Refused> {
        T::decode(self.body, &mut answer.unknown).map_err(Refused::Body)
    }
}

/// Pushes whose buffers are kept for the next request, and how much of one is kept.
const SPARE_MAX: usize = 4;
const SPARE_BYTES_MAX: usize = 16 << 10;

/// What a handler says besides "no": values, nothing done yet.
#[derive(Debug, Default)]
pub struct Answer {
    /// The body of the reply.
    pub body: Vec<u8>,
    /// Changes to the store.
    pub effects: Vec<Effect>,
    /// Pushes to others.
    pub pushes: Vec<Push>,
    /// Pushes to the connection that asked, behind its reply.
    pub own_pushes: Vec<Push>,
    /// Who has logged on.
    pub login: Option<(i64, Device)>,
    /// The highest log id that the effects use, 0 for none.
    pub last_log_id: i64,
    /// The connection carries the bytes of a file from here on.
    pub transfer: Option<Transfer>,
    /// Fields that nobody knows.
    pub unknown: u32,
    /// Pushes of earlier requests: their buffers are used again.
    spare: Vec<Push>,
}

impl Answer {
    /// Empties it for the next request; buffers stay.
    pub fn clear(&mut self) {
        self.body.clear();
        self.effects.clear();
        for push in self.pushes.drain(..) {
            if self.spare.len() < SPARE_MAX && push.body.capacity() <= SPARE_BYTES_MAX {
                self.spare.push(push);
            }
        }
        self.own_pushes.clear();
        (self.login, self.transfer, self.last_log_id, self.unknown) = (None, None, 0, 0);
    }

    /// Answers with `body`.
    pub fn reply<'a>(&mut self, body: &impl Body<'a>) {
        self.body.clear();
        encode(body, &mut self.body);
    }

    /// Pushes `body` to every online device of `to`, but the one that asked.
    pub fn push<'a>(&mut self, to: impl IntoIterator<Item = i64>, command: CommandId, body: &impl Body<'a>) {
        self.push_to(to, command, command.row().eras, body);
    }

    /// The same, to devices of 2012 only: what the others get in a command that 2012 does not have.
    pub fn push_2012<'a>(&mut self, to: impl IntoIterator<Item = i64>, command: CommandId, body: &impl Body<'a>) {
        self.push_to(to, command, &[Era::E2012], body);
    }

    fn push_to<'a>(
        &mut self,
        to: impl IntoIterator<Item = i64>,
        command: CommandId,
        eras: &'static [Era],
        body: &impl Body<'a>,
    ) {
        let (mut users, mut bytes) = self.spare.pop().map_or_else(Default::default, |push| (push.to, push.body));
        users.clear();
        users.extend(to);
        bytes.clear();
        encode(body, &mut bytes);
        self.pushes.push(Push { to: users, command, eras, body: bytes });
    }

    /// Pushes `body` to the connection that asked, behind its reply.
    pub fn push_own<'a>(&mut self, command: CommandId, body: &impl Body<'a>) {
        let mut bytes = Vec::with_capacity(256);
        encode(body, &mut bytes);
        self.own_pushes.push(Push { to: Vec::new(), command, eras: command.row().eras, body: bytes });
    }
}

/// One push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Users.
    pub to: Vec<i64>,
    /// Which.
    pub command: CommandId,
    /// The generations whose devices get it.
    pub eras: &'static [Era],
    /// Its body.
    pub body: Vec<u8>,
}

/// Why a handler says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// With this status.
    Status(i32),
    /// The body is wrong.
    Body(Malformed),
    /// The store failed: nothing is answered.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

/// A handler: a pure function of the request and of what the store says.
pub type Handler = fn(&Ask<'_>, &dyn Store, &mut Answer) -> Result<(), Refused>;

/// A command and who answers it.
pub type Row = (CommandId, Handler);

/// THE DISPATCH: what each module of handlers answers.
const ROWS: &[&[Row]] = &[
    h::blocks::HANDLERS,
    h::create::HANDLERS,
    h::edits::HANDLERS,
    h::entry::HANDLERS,
    h::hiding::HANDLERS,
    h::links::GOVERN,
    h::links::HANDLERS,
    h::links::JOIN,
    h::login::HANDLERS,
    h::media::HANDLERS,
    h::members::HANDLERS,
    h::messages::HANDLERS,
    h::presence::HANDLERS,
    h::reactions::HANDLERS,
    h::rooms::HANDLERS,
    h::secret::HANDLERS,
    h::session::HANDLERS,
    h::settings::HANDLERS,
    h::syncing::HANDLERS,
    h::transfer::HANDLERS,
];

/// The same by command.
static TABLE: [Handler; COMMANDS.len()] = {
    let mut table: [Handler; COMMANDS.len()] = [nobody; COMMANDS.len()];
    let mut i = 0;
    while i < ROWS.len() {
        let rows = ROWS[i];
        let mut j = 0;
        while j < rows.len() {
            table[rows[j].0 as usize] = rows[j].1;
            j += 1;
        }
        i += 1;
    }
    table
};

/// Who answers a command.
#[must_use]
pub fn handler(id: CommandId) -> Handler {
    TABLE.get(id as usize).copied().unwrap_or(nobody)
}

/// Nobody answers a push: the session's table never lets one come this far. Were it to, the answer is the one for any
/// unknown method.
fn nobody(_: &Ask<'_>, _: &dyn Store, _: &mut Answer) -> Result<(), Refused> {
    Err(Refused::Status(status::UNKNOWN_METHOD))
}
