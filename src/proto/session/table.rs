//! State x event, for a server's connection. Every pair is here, refusals included, and the matrix is a snapshot.

use crate::proto::command::status;
use crate::proto::error::{PeerMisbehaved, Verdict};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The first bytes: they decide between plain and secure.
    AwaitsFirstBytes,
    /// The driver to unwrap the session key.
    AwaitsKey,
    /// A plain request: booking, or the entry of 2012.
    Plain,
    /// A login, or CHECKIN at the ticket server.
    AwaitsLogin,
    /// Anything that a user may ask.
    LoggedOn,
    /// The bytes of a file, in either direction: no packets any more.
    Media,
    /// Nothing: what was written still goes out.
    Closing,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The first bytes are a handshake.
    Handshake,
    /// The first bytes are a plain packet.
    PlainStart,
    /// The session key is there.
    Key,
    /// GETCONF, CHECKIN, BUY; POST, MPOST, DOWN, MINI.
    AloneRequest,
    /// LOGIN, LOGINLIST.
    LoginRequest,
    /// A request that needs a login.
    UserRequest,
    /// A method that nobody knows, or of another door or era, or one that only the server may send.
    UnknownRequest,
    /// Bytes that cannot be: the stream is lost.
    Malformed,
    /// Silent for too long.
    Silence,
    /// The peer does not read.
    SlowReader,
    /// A newer login of the same device.
    Fenced,
    /// The server is about to stop.
    Drained,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Go on in this state.
    To(State),
    /// Answer through the handler; the state changes if it succeeds.
    Handle,
    /// Answer this body status.
    Refuse(i32),
    /// KICKOUT, then close.
    Kick,
    /// CHANGESVR, then close.
    Move,
    /// Close.
    Close,
    /// Nothing.
    Ignore,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AwaitsFirstBytes,
        Self::AwaitsKey,
        Self::Plain,
        Self::AwaitsLogin,
        Self::LoggedOn,
        Self::Media,
        Self::Closing,
    ];
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Handshake,
        Self::PlainStart,
        Self::Key,
        Self::AloneRequest,
        Self::LoginRequest,
        Self::UserRequest,
        Self::UnknownRequest,
        Self::Malformed,
        Self::Silence,
        Self::SlowReader,
        Self::Fenced,
        Self::Drained,
    ];
}

/// The table.
#[must_use]
pub const fn next(state: State, event: Event) -> Move {
    use Event as E;
    use State as S;
    match (state, event) {
        (S::Closing, _) => Move::Ignore,
        (S::AwaitsFirstBytes, E::Handshake) => Move::To(S::AwaitsKey),
        (S::AwaitsFirstBytes, E::PlainStart) => Move::To(S::Plain),
        (S::AwaitsKey, E::Key) => Move::To(S::AwaitsLogin),
        (S::Plain | S::AwaitsLogin, E::AloneRequest) | (S::AwaitsLogin, E::LoginRequest) => Move::Handle,
        (S::LoggedOn, E::UserRequest) => Move::Handle,
        //= LOGIN-BEFORE-1
        (S::Plain | S::AwaitsLogin, E::UserRequest) => Move::Refuse(status::NOT_LOGGED_ON),
        //= LOGIN-TWICE-1
        (S::LoggedOn, E::LoginRequest) => refuse(PeerMisbehaved::LoggedOnAlready),
        //= CLOSE-METHOD-1
        (S::Plain | S::AwaitsLogin | S::LoggedOn, E::UnknownRequest) => refuse(PeerMisbehaved::UnknownMethod),
        //= HS-PLAIN-1, BOOK-DOOR-1
        (S::Plain, E::LoginRequest) | (S::LoggedOn, E::AloneRequest) => refuse(PeerMisbehaved::UnknownMethod),
        //= PROMISE-ONESESSION-1
        (S::LoggedOn, E::Fenced) => Move::Kick,
        //= PROMISE-DRAINED-1
        (S::LoggedOn, E::Drained) => Move::Move,
        //= CLOSE-FRAME-1
        (_, E::Malformed | E::Silence | E::SlowReader | E::Drained | E::Fenced) => Move::Close,
        // The driver said something that cannot be: the connection is not worth keeping.
        (_, E::Handshake | E::PlainStart | E::Key) => Move::Close,
        (S::AwaitsFirstBytes | S::AwaitsKey | S::Media, _) => Move::Close,
    }
}

const fn refuse(why: PeerMisbehaved) -> Move {
    match why.verdict() {
        Verdict::Reply(status) => Move::Refuse(status),
        Verdict::Close => Move::Close,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_matrix_is_as_it_was() {
        let mut text = String::new();
        for state in State::ALL {
            text.push_str(&format!("{state:?}\n"));
            for event in Event::ALL {
                text.push_str(&format!("  {:<15} {:?}\n", format!("{event:?}"), next(state, event)));
            }
        }
        crate::proto::snapshot("session-table", &text);
    }
}
