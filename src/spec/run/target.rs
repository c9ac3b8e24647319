//! What the judge needs of a target, whoever it is: connections, bytes, time.
//!
//! A server target is connected to; a client target is told what to do and connects to the judge. Behind either may be
//! the core on virtual time ([`super::server`], [`super::client`]) or sockets ([`super::tcp`], [`super::outside`]).

use core::time::Duration;
use std::fmt;

use bson::Document;

use super::codec::Codec;
use crate::proto::command::Door;
use crate::proto::secure::{KeyRing, PublicRing};
use crate::proto::time::Time;
use crate::spec::format::Case;
use crate::spec::format::case::{Settings, WorldUser};
use crate::spec::format::driving::EventKind;
use crate::spec::format::step::{Finish, Step};
use crate::spec::lit::Lit;
use crate::spec::verdict::Verdict;

/// The judge's name for a connection, never used twice with one target.
pub type Conn = u64;

/// What a target does.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// It sent bytes.
    Bytes(Conn, Vec<u8>),
    /// It closed the connection, or the connection broke.
    Closed(Conn),
    /// A client target connected to a door.
    Accepted(Conn, Door),
    /// A client target said something to the one who drives it.
    Said(EventKind, Document),
    /// Something for the reader of a failure, which is not judged.
    Noted(String),
}

/// What a client target is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Log in as this user.
    Login {
        /// The name in the world.
        user: String,
    },
    /// Send a text; `ticket` comes back as `as`.
    SendText {
        /// The case's name for it.
        ticket: String,
        /// The room.
        room: i64,
        /// The text.
        text: String,
    },
    /// Say that a room is read up to here.
    Read {
        /// The room.
        room: i64,
        /// The log.
        watermark: i64,
    },
    /// Leave a room.
    Leave {
        /// The room.
        room: i64,
    },
    /// Close and stay away.
    Close,
}

/// As a case orders it under `drive`, with what was filled in.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |s: &String| Lit::Str(s.clone());
        let (verb, with) = match self {
            Self::Login { user } => ("login", vec![("user", text(user))]),
            Self::SendText { ticket, room, text: words } => {
                let name = (!ticket.is_empty()).then(|| ("as", text(ticket)));
                ("send_text", name.into_iter().chain([("room", Lit::Int(*room)), ("text", text(words))]).collect())
            }
            Self::Read { room, watermark } => {
                ("read", vec![("room", Lit::Int(*room)), ("watermark", Lit::Int(*watermark))])
            }
            Self::Leave { room } => ("leave", vec![("room", Lit::Int(*room))]),
            Self::Close => ("close", Vec::new()),
        };
        let with = Lit::Map(with.into_iter().map(|(name, lit)| (name.to_owned(), lit)).collect());
        write!(f, "{verb}: {}", with.line())
    }
}

/// From when on a wait may be given up because the target does nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// When all the time is over that the case gives.
    pub since: Time,
    /// How long that was; nothing where the case does not say.
    pub given: Duration,
}

/// Why a target cannot do what the case needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// It does not have this; the check is `unimplemented`.
    Unimplemented(String),
    /// It cannot be reached, or it refused; the check could not run.
    Unreachable(String),
    /// It does this, and wrongly; the check fails.
    Wrong(String),
    /// It does not say whether it does this.
    Hung(String),
    /// Its process has ended.
    Crashed(String),
    /// It would take too long.
    Skipped(String),
}

impl TargetError {
    /// What it means for a check.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Unimplemented(_) => Verdict::Unimplemented,
            Self::Unreachable(_) => Verdict::CouldNotRun,
            Self::Wrong(_) => Verdict::Fail,
            Self::Hung(_) => Verdict::Hung,
            Self::Crashed(_) => Verdict::Crashed,
            Self::Skipped(_) => Verdict::Skipped,
        }
    }
}

impl From<TargetError> for (Verdict, Vec<String>) {
    fn from(e: TargetError) -> Self {
        (e.verdict(), vec![e.to_string()])
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unimplemented(what) => write!(f, "the target does not have {what}"),
            Self::Unreachable(why) | Self::Wrong(why) | Self::Hung(why) | Self::Crashed(why) | Self::Skipped(why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for TargetError {}

/// What a target holds too much of after a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// What, and how much; empty where it is not too much.
    pub wrong: Vec<String>,
    /// The cases that have kept a part of it, if this one alone has not kept it all.
    pub after: Vec<String>,
}

/// A case that waits longer than this, on the wall, for nothing to come is left out.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Why a case is left out on the wall's clock, where time runs `scale` times as fast: it waits more than a minute for
/// nothing to come.
#[must_use]
pub fn too_long(case: &Case, scale: f64) -> Option<String> {
    let waits = pure_waits(case);
    let here = waits.div_f64(scale);
    (here > WAIT_MAX).then(|| format!("it waits {} s, {} s at this time_scale", waits.as_secs(), here.as_secs()))
}

/// How long a case waits whatever the target does.
fn pure_waits(case: &Case) -> Duration {
    let of = |s: &Step| {
        let settles = s.expect_none.as_ref().and_then(|e| e.until.settle);
        let silences = s.observe.as_ref().filter(|o| o.never).and_then(|o| o.within);
        [s.advance, settles, silences].into_iter().flatten().map(|span| span.0).sum::<Duration>()
    };
    case.steps.iter().map(of).sum()
}

/// A target under judgement. One target serves one instance of a case.
pub trait Target {
    /// The profiles that it has.
    fn has(&self, profile: &str) -> bool;

    /// Gives a server target the accounts and settings that the case wants. The ordinary case wants none.
    ///
    /// # Errors
    /// It cannot be told.
    fn prepare(&mut self, case: &Case) -> Result<(), TargetError> {
        let plain = case.world.users.values().all(WorldUser::is_plain) && case.settings == Settings::default();
        if plain { Ok(()) } else { Err(TargetError::Unimplemented("accounts and settings of a case's own".into())) }
    }

    /// What time it is for the target.
    fn now(&self) -> Time;

    /// The earliest and the latest that its dates may say now. They are the same where its clock is known: one whose time
    /// runs faster than on the wall may date by either, and by any beginning.
    fn dates(&self) -> (Time, Time) {
        (self.now(), self.now())
    }

    /// The next thing that it does, at or before `until`; `None` when that time has come and nothing happened.
    fn poll(&mut self, until: Time) -> Option<Happening>;

    /// As [`Target::poll`], in a wait that is open: `None` too when the target can be seen to do nothing more.
    fn poll_while_busy(&mut self, until: Time, open: Open) -> Option<Happening> {
        let _ = open;
        self.poll(until)
    }

    /// Connects to a server target.
    ///
    /// # Errors
    /// It cannot be reached, or it is a client.
    fn connect(&mut self, door: Door) -> Result<Conn, TargetError>;

    /// Sends bytes, in one write. Nothing happens on a connection that is gone.
    fn write(&mut self, conn: Conn, bytes: &[u8]);

    /// Ends the judge's side of a connection.
    fn finish(&mut self, conn: Conn, how: Finish);

    /// Tells a client target what to do.
    ///
    /// # Errors
    /// It does not have that, or it is a server.
    fn order(&mut self, order: &Order) -> Result<(), TargetError> {
        Err(TargetError::Unimplemented(format!("`{order}`")))
    }

    /// Whether a client target ever says this. What it never says is not waited for.
    fn tells(&self, _kind: EventKind) -> bool {
        true
    }

    /// Whether the target is gone before its time, or within so much of the wall's, and how: what a step has seen may be
    /// what one sees of it first.
    fn gone(&mut self, _within: Duration) -> Option<TargetError> {
        None
    }

    /// The port at which the judge has this door, for a client target.
    fn port(&self, door: Door) -> u16 {
        match door {
            Door::Booking => 443,
            Door::Ticket => 5228,
            Door::Entry => 5242,
            _ => 5229,
        }
    }

    /// The codec, where it is one.
    fn codec(&mut self) -> Option<&mut dyn Codec> {
        None
    }

    /// The public keys of a server target; of the judge for a client target.
    fn public(&self) -> &PublicRing;

    /// The private keys that the judge has when it plays the server.
    fn private(&self) -> Option<&KeyRing> {
        None
    }

    /// Why it is not there any more, if it has died or does so within this time of the wall clock: asked when an
    /// instance is over.
    fn died(&mut self, within: Duration) -> Option<Vec<String>> {
        let _ = within;
        None
    }

    /// What it holds too much of since [`Target::prepare`]: memory, file descriptors. `None` where nobody can look.
    fn guard(&mut self) -> Option<Guarded> {
        None
    }

    /// The least that a wait lasts, whatever the case says: not nothing where time runs faster than on the wall.
    fn grain(&self) -> Duration {
        Duration::ZERO
    }

    /// So much of the wall's time in the target's.
    fn paced(&self, wall: Duration) -> Duration {
        wall
    }

    /// How long something that has to come within this time is really waited for: on sockets nothing comes in no time,
    /// least of all where time runs faster.
    fn leniently(&self, within: Duration) -> Duration {
        within
    }

    /// How long something that must not be said within this time is really waited for.
    fn strictly(&self, within: Duration) -> Duration {
        within
    }

    /// How long the quiet is after which nothing late is feared any more, where a case says `written` and the slowest
    /// round trip just now was `slowest`.
    fn settles(&self, written: Duration, slowest: Duration) -> Duration {
        let _ = slowest;
        written
    }

    /// How long an expectation without `within` waits.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}
