//! Typed calls over the raw ones: a body in, the body that answers it out.

use super::event::{Action, Event};
use crate::proto::command::field::encode;
use crate::proto::command::{Body, Call, Pushed};
use crate::proto::error::Malformed;
use crate::proto::limits::Limits;
use crate::proto::wire::Document;

/// The action that asks `body`; it ends in exactly one [`Event::Reply`] or [`Event::RequestEnded`] with this ticket.
#[must_use]
pub fn call<'b, C: Call<'b>>(ticket: u64, body: &C) -> Action {
    let mut bytes = Vec::with_capacity(128);
    encode(body, &mut bytes);
    Action::Request { ticket, method: C::ID.method(), body: bytes }
}

impl Event {
    /// What a call of type `C` was answered with: the ticket, the status and, where that is 0, the reply. `None` when
    /// this is no [`Event::Reply`].
    ///
    /// # Errors
    /// The body of the reply cannot be read.
    #[must_use]
    pub fn reply<'e, C: Call<'e>>(&'e self) -> Option<(u64, i32, Result<C::Reply<'e>, Malformed>)> {
        let Self::Reply { ticket, status, body } = self else { return None };
        Some((*ticket, *status, read_body(body)))
    }

    /// The push of type `P`; `None` when this is no such push.
    ///
    /// # Errors
    /// Its body cannot be read. The machine has looked at it before, so this does not happen to its own events.
    #[must_use]
    pub fn pushed<'e, P: Pushed<'e>>(&'e self) -> Option<Result<P, Malformed>> {
        match self {
            Self::Pushed { command, body } if *command == P::ID => Some(read_body(body)),
            _ => None,
        }
    }
}

/// Reads a body; none at all is an empty document.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read_body<'e, T: Body<'e>>(body: &'e [u8]) -> Result<T, Malformed> {
    let body = if body.is_empty() { Document::EMPTY.bytes() } else { body };
    T::decode(Document::check(body, &Limits::DEFAULT)?, &mut 0)
}
