//! The interesting places of a run: what must happen in some run of a sweep, or the sweep has looked at too little.
//!
//! An invariant must always hold; a place must sometimes be reached. Who sees it says [`Sometimes::reach`], or shows
//! here what went by: packets at the clients' ends, packets, reads and closes at the server's.

mod clients;
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::clients::Clients;
use self::server::Conns;
use super::clock::SimClock;

macro_rules! places {
    ($($id:ident = $name:literal;)*) => {
        /// A place that some run must reach.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Place { $(#[doc = $name] $id,)* }

        impl Place {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Its name among the evidence.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }
    };
}

places! {
    BadBytesFound = "some/bytes that cannot be were found";
    CodeNotSaid = "some/somebody would join without the pass code";
    CommitTorn = "some/a commit was torn";
    ConnectTimedOut = "some/a connect hung and was given up";
    CutInThree = "some/a packet took three reads or more";
    DiedInCommit = "some/the disk died inside a commit";
    DoubleAnswer = "some/a heartbeat was answered twice";
    DownloadResumed = "some/a download went on where it had broken off";
    FallenCommitFound = "some/a look-up found what a fallen server had kept";
    FencedLive = "some/a login fenced a live session";
    Fragments = "some/a packet of 2012 was cut into frames";
    KickedTriesAgain = "some/who was kicked would come again";
    KnockedInDrain = "some/a client came back during a drain";
    LateReply = "some/a reply came after its time was over";
    LeaveInDoubt = "some/a leave was in doubt";
    LoginInHold = "some/a login waited out a hold";
    LookupFound = "some/a look-up found a message in doubt";
    LookupMissed = "some/a look-up missed a message in doubt";
    NoLoginInTime = "some/a connection had not logged in in time";
    PushRacedReply = "some/a push came between request and reply";
    ReopenedTorn = "some/a store was opened after a cut that lost something";
    RoomPages = "some/the rooms took two pages or more";
    ServerFoundSilent = "some/a client found its server silent";
    SilentFound = "some/the server found a client silent";
    SlowReaderCut = "some/a send queue overflowed and its reader was cut off";
    StrangerRefusedFile = "some/a stranger was refused a file";
    SyncPages = "some/SYNCMSG took two pages or more";
    TokenRefused = "some/a login was refused for its token";
    TwoInOneRead = "some/one read brought two packets";
    UploadResumed = "some/an upload went on where it had broken off";
    WrongFileRefused = "some/a file with another SHA-1 was refused";
    WriteInDoubt = "some/a message was in doubt";
    WritersRaced = "some/one commit had two writers of a room";
}

#[derive(Debug, Default)]
struct State {
    reached: BTreeMap<Place, u64>,
    clients: Clients,
    conns: Conns,
    /// A reply may take this long.
    reply_within: Option<Duration>,
}

impl State {
    fn reach(&mut self, place: Place) {
        *self.reached.entry(place).or_default() += 1;
    }
}

/// Which places were reached, and how often. Clones are handles on the same record.
#[derive(Clone, Debug)]
pub struct Sometimes {
    clock: SimClock,
    state: Arc<Mutex<State>>,
}

impl Sometimes {
    /// No place was reached.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        Self { clock, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clients wait so long for a reply.
    pub fn replies_within(&self, timeout: Duration) {
        self.lock().reply_within = Some(timeout);
    }

    /// A place is reached.
    pub fn reach(&self, place: Place) {
        self.lock().reach(place);
    }

    /// How often a place was reached.
    #[must_use]
    pub fn count(&self, place: Place) -> u64 {
        self.lock().reached.get(&place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
