//! What the server's end shows: how packets came out of reads, what one commit had in it, why connections were closed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Sometimes};
use crate::proto::error::PeerMisbehaved;
use crate::proto::server::{ConnId, Why};
use crate::proto::time::Time;
use crate::sim::tap::Seen;

/// The connections, and the commit that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Conns {
    /// Reads since the last whole packet.
    reads: BTreeMap<ConnId, u32>,
    /// Who has written to which room since the last commit.
    writers: BTreeMap<i64, BTreeSet<ConnId>>,
    /// When a request that is being answered had gone out.
    sent: BTreeMap<(ConnId, u32), Time>,
}

impl Conns {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Sometimes {
    /// A read of the server completed so many packets.
    pub fn server_read(&self, conn: ConnId, packets: usize) {
        let mut s = self.lock();
        let reads = s.conns.reads.entry(conn).or_default();
        *reads += 1;
        let cut = packets > 0 && *reads >= 3;
        if packets > 0 {
            *reads = 0;
        }
        if cut {
            s.reach(Place::CutInThree);
        }
        if packets >= 2 {
            s.reach(Place::TwoInOneRead);
        }
    }

    /// A packet came to the server; `old`: from a client of 2012, whose frames are short.
    pub fn server_packet(&self, conn: ConnId, p: &Seen, old: bool) {
        const FRAME_2012: usize = 2048;
        let mut s = self.lock();
        if old && p.body.len() > FRAME_2012 {
            s.reach(Place::Fragments);
        }
        if let "WRITE" | "CWRITE" = p.method.as_str() {
            if let Some(room) = p.integer("chatId") {
                s.conns.writers.entry(room).or_default().insert(conn);
            }
            if let Some(at) = s.clients.take_sent(p) {
                s.conns.sent.insert((conn, p.id), at);
            }
        }
    }

    /// The server answers.
    pub fn server_replies(&self, conn: ConnId, id: u32) {
        let now = self.clock.now();
        let mut s = self.lock();
        let at = s.conns.sent.remove(&(conn, id));
        if let (Some(at), Some(within)) = (at, s.reply_within)
            && now - at > within
        {
            s.reach(Place::LateReply);
        }
    }

    /// The server has committed what it had gathered.
    pub fn server_commits(&self) {
        let mut s = self.lock();
        let raced = std::mem::take(&mut s.conns.writers).values().any(|who| who.len() > 1);
        if raced {
            s.reach(Place::WritersRaced);
        }
    }

    /// The server closes a connection.
    pub fn server_closes(&self, why: Why) {
        let place = match why {
            Why::Fenced => Place::FencedLive,
            Why::Malformed(_) => Place::BadBytesFound,
            Why::Misbehaved(PeerMisbehaved::Idle) => Place::SilentFound,
            Why::Misbehaved(PeerMisbehaved::LoginTimeout) => Place::NoLoginInTime,
            Why::Misbehaved(PeerMisbehaved::SlowReader) => Place::SlowReaderCut,
            _ => return,
        };
        self.reach(place);
    }
}
