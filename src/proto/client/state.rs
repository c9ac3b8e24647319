//! THE TABLE of the client: what it does in which state about what has happened. The whole matrix is a snapshot.

use core::fmt;

use crate::proto::command::Door;

/// What the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be told to log in.
    Away,
    /// For the backoff to end.
    AwaitsRetry,
    /// For a connection to this door.
    AwaitsConnection(Door),
    /// For the reply to GETCONF.
    AwaitsConfiguration,
    /// For the reply to CHECKIN, or BUY.
    AwaitsRoute,
    /// For the reply to LOGINLIST, or LOGIN.
    AwaitsLogin,
    /// For the last page of rooms.
    AwaitsRooms,
    /// For anything: logged on.
    LoggedOn,
}

/// What has happened, as far as the table is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Somebody wants to be logged in.
    Login,
    /// Somebody wants to be logged out.
    Logout,
    /// The backoff is over.
    Due,
    /// The connection stands.
    Connected,
    /// Booking named a ticket server.
    Configured,
    /// Ticket or entry named a carriage server.
    Routed,
    /// The login is accepted.
    Accepted,
    /// The last page of rooms is in.
    Listed,
    /// The login is refused for good.
    Refused,
    /// KICKOUT: stay away.
    Kicked,
    /// CHANGESVR: come back through the first door.
    Moved,
    /// The connection is of no more use.
    Broken,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Nothing.
    Ignore,
    /// Connect to the next door of the route.
    Connect,
    /// Send the one request of this door.
    Ask,
    /// Ask for the rooms.
    List,
    /// Begin the session: heartbeat, catching up, outbox.
    Serve,
    /// Wait for the backoff, then connect.
    Retry,
    /// Forget the route, wait, then connect.
    Detour,
    /// Wait to be told to log in.
    StayAway,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Away,
        Self::AwaitsRetry,
        Self::AwaitsConnection(Door::Booking),
        Self::AwaitsConnection(Door::Ticket),
        Self::AwaitsConnection(Door::Entry),
        Self::AwaitsConnection(Door::Carriage),
        Self::AwaitsConfiguration,
        Self::AwaitsRoute,
        Self::AwaitsLogin,
        Self::AwaitsRooms,
        Self::LoggedOn,
    ];
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Login,
        Self::Logout,
        Self::Due,
        Self::Connected,
        Self::Configured,
        Self::Routed,
        Self::Accepted,
        Self::Listed,
        Self::Refused,
        Self::Kicked,
        Self::Moved,
        Self::Broken,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwaitsConnection(door) => f.pad(&format!("awaits {}", door.as_str())),
            Self::Away => f.pad("away"),
            Self::AwaitsRetry => f.pad("awaits retry"),
            Self::AwaitsConfiguration => f.pad("awaits configuration"),
            Self::AwaitsRoute => f.pad("awaits route"),
            Self::AwaitsLogin => f.pad("awaits login"),
            Self::AwaitsRooms => f.pad("awaits rooms"),
            Self::LoggedOn => f.pad("logged on"),
        }
    }
}

/// The table.
#[must_use]
pub const fn next(state: State, happening: Happening) -> Move {
    use Happening as H;
    use State as S;
    match (state, happening) {
        (S::Away, H::Login) | (S::AwaitsRetry, H::Due) => Move::Connect,
        // What is heard while away is an echo of a connection that is closed.
        (S::Away, _) => Move::Ignore,
        (S::AwaitsConnection(_), H::Connected) => Move::Ask,
        (S::AwaitsConfiguration, H::Configured) | (S::AwaitsRoute, H::Routed) => Move::Connect,
        (S::AwaitsLogin, H::Accepted) => Move::List,
        (S::AwaitsLogin | S::AwaitsRooms, H::Listed) => Move::Serve,
        (S::AwaitsConfiguration | S::AwaitsRoute | S::AwaitsLogin, H::Refused) => Move::StayAway,
        // One client ignores KICKOUT before the login (loco-modern §3.6), and so do we.
        (S::AwaitsRooms | S::LoggedOn, H::Kicked) | (_, H::Logout) => Move::StayAway,
        (S::AwaitsRooms | S::LoggedOn, H::Moved) => Move::Detour,
        (S::AwaitsRetry, H::Broken) => Move::Ignore,
        (_, H::Broken) => Move::Retry,
        _ => Move::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_matrix_is_as_written_down() {
        let mut text = format!("{:<22}", "");
        for h in Happening::ALL {
            let _ = write!(text, "{:<11}", format!("{h:?}"));
        }
        for s in State::ALL {
            let _ = write!(text, "\n{s:<22}");
            for h in Happening::ALL {
                let cell = match next(s, h) {
                    Move::Ignore => ".".to_owned(),
                    other => format!("{other:?}"),
                };
                let _ = write!(text, "{cell:<11}");
            }
        }
        let text: Vec<_> = text.lines().map(str::trim_end).collect();
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("client-states", text.join("\n"));
        });
    }

    #[test]
    fn no_state_is_a_trap() {
        for s in State::ALL {
            let left = Happening::ALL.into_iter().filter(|h| next(s, *h) != Move::Ignore).count();
            assert!(left > 0, "{s}");
            let out = if s == State::Away { Happening::Login } else { Happening::Logout };
            assert_ne!(next(s, out), Move::Ignore, "{s}");
        }
    }
}
