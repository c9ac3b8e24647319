//! Connections on which a file goes up or down. After POST, MPOST, DOWN or MINI there are no packets any more: bytes go
//! past the deframer, in pieces into the store and out of it. COMPLETE is the one packet that still comes.
//!
//! An upload keeps what fills a piece; what is left when the peer goes is kept too. So the store always holds the first
//! `received` bytes, and the next POST goes on from there. A download has at most
//! [`media_queue_bytes_max`](crate::proto::limits::Limits::media_queue_bytes_max) waiting for the peer; what is next is
//! read from the store when the peer has taken some.

use super::ConnId;
use super::dispatch::Refused;
use super::handlers::transfer::finish;
use super::hash::FileHash;
use super::machine::{Server, Why};
use super::records::media::{Media, PIECE_LEN};
use super::store::{Effect, Shelf, Store, StoreError, put};
use crate::proto::command::CommandId;
use crate::proto::error::PeerMisbehaved;
use crate::proto::secure::Era;
use crate::proto::session::State;
use crate::proto::time::Time;

/// What a media connection is for.
#[derive(Debug)]
pub enum Transfer {
    /// The peer sends a file.
    Up(Box<Upload>),
    /// The peer gets a file.
    Down(Download),
}

/// A file that is on its way up.
#[derive(Debug)]
pub struct Upload {
    /// Which.
    pub id: i64,
    /// As it is kept.
    pub media: Media,
    /// SHA-1 of what has come.
    pub hash: FileHash,
    /// Bytes that have come, over all connections.
    pub got: i64,
    /// The piece that is not full.
    pub piece: Vec<u8>,
}

/// A file that is on its way down.
#[derive(Clone, Copy, Debug)]
pub struct Download {
    /// Which.
    pub id: i64,
    /// The next byte.
    pub at: i64,
    /// Its size.
    pub end: i64,
}

impl Upload {
    const fn left(&self) -> i64 {
        self.media.size - self.got
    }

    /// Takes bytes; what fills a piece is kept, and so is how far it has come.
    fn take(&mut self, mut bytes: &[u8], effects: &mut Vec<Effect>) {
        let mut filled = false;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_LEN - self.piece.len()));
            self.piece.extend_from_slice(now);
            self.hash.update(now);
            self.got += now.len() as i64;
            bytes = later;
            if self.piece.len() == PIECE_LEN {
                self.keep_piece(effects);
                filled = true;
            }
            if self.left() == 0 && !self.piece.is_empty() {
                self.keep_piece(effects);
            }
            if filled && self.piece.is_empty() {
                (self.media.received, self.media.hash) = (self.got, self.hash.state());
            }
        }
        if filled {
            effects.push(put(Shelf::Media, (self.id, 0), &self.media));
        }
    }

    /// The piece is at its end, or the file is, or the peer is gone.
    fn keep_piece(&mut self, effects: &mut Vec<Effect>) {
        let number = (self.got - 1) / PIECE_LEN as i64;
        let bytes = core::mem::take(&mut self.piece);
        effects.push(Effect::Put { shelf: Shelf::MediaBytes, key: (self.id, number), bytes });
    }
}

impl Server {
    /// The reply is on its way: from here on the connection carries bytes.
    //= MEDIA-SECOND-1
    pub(super) fn begin_transfer(&mut self, conn: ConnId, transfer: Transfer, now: Time) {
        if let Transfer::Up(up) = &transfer {
            let same = |t: &Transfer| matches!(t, Transfer::Up(other) if other.id == up.id);
            // The newer connection is the one that its client believes in.
            let older: Vec<ConnId> = self.transfers.iter().filter(|(_, t)| same(t)).map(|(c, _)| *c).collect();
            for conn in older {
                self.close(conn, Why::Fenced);
            }
        }
        let Some(s) = self.sessions.get_mut(&conn).filter(|s| s.state != State::Closing) else { return };
        s.state = State::Media;
        s.deadline = now + self.config.limits.media_idle_after;
        // It may be earlier than the time for a login, which is what was set.
        self.timers.insert((s.deadline, conn));
        self.transfers.insert(conn, transfer);
    }

    /// Bytes have come on a media connection, or it has just become one.
    pub(super) fn media(&mut self, conn: ConnId, now: Time, store: &mut dyn Store) -> Result<(), StoreError> {
        let Some(s) = self.sessions.get_mut(&conn) else { return Ok(()) };
        let bytes = s.deframer.take_rest();
        match self.transfers.remove(&conn) {
            Some(Transfer::Up(up)) if up.left() >= bytes.len() as i64 => {
                if !bytes.is_empty() {
                    s.deadline = now + self.config.limits.media_idle_after;
                }
                self.upload(conn, up, &bytes, now, store)
            }
            Some(Transfer::Down(down)) if bytes.is_empty() => self.download(conn, down, store),
            //= MEDIA-SURPLUS-1
            Some(_) => {
                self.close(conn, Why::Misbehaved(PeerMisbehaved::SurplusBytes));
                Ok(())
            }
            None => Ok(()),
        }
    }

    //= MEDIA-UPLOAD-1
    fn upload(
        &mut self,
        conn: ConnId,
        mut up: Box<Upload>,
        bytes: &[u8],
        now: Time,
        store: &mut dyn Store,
    ) -> Result<(), StoreError> {
        let mut effects = Vec::new();
        up.take(bytes, &mut effects);
        for effect in &effects {
            store.apply(effect)?;
        }
        if up.left() > 0 {
            self.transfers.insert(conn, Transfer::Up(up));
            return Ok(());
        }
        let mut answer = self.answer.take().unwrap_or_default();
        answer.clear();
        let era = self.sessions.get(&conn).and_then(|s| s.era).unwrap_or(Era::E2019);
        let outcome = finish(&self.ask(CommandId::Complete, era, up.media.owner, now), store, &mut up, &mut answer);
        let done = match outcome {
            Ok(()) => answer.effects.iter().try_for_each(|effect| store.apply(effect)),
            Err(Refused::Store(e)) => Err(e),
            Err(Refused::Status(_) | Refused::Body(_)) => Ok(()),
        };
        if done.is_ok() {
            self.last_log_id = self.last_log_id.max(answer.last_log_id);
            self.push_body(conn, CommandId::Complete, &answer.body);
            self.push_all(conn, 0, &answer.pushes);
            self.close(conn, Why::Done);
        }
        self.answer = Some(answer);
        done
    }

    /// Queues what there is room for.
    //= MEDIA-QUEUE-1
    fn download(&mut self, conn: ConnId, mut down: Download, store: &dyn Store) -> Result<(), StoreError> {
        let most = self.config.limits.media_queue_bytes_max;
        let Some(s) = self.sessions.get_mut(&conn).filter(|s| s.state == State::Media) else { return Ok(()) };
        while down.at < down.end && s.out.len() + s.in_flight < most {
            let piece = store.get(Shelf::MediaBytes, (down.id, down.at / PIECE_LEN as i64))?.unwrap_or_default();
            let from = usize::try_from(down.at % PIECE_LEN as i64).unwrap_or_default();
            let Some(bytes) = piece.get(from..).filter(|b| !b.is_empty()) else {
                self.close(conn, Why::Store);
                return Ok(());
            };
            s.transmit(bytes, self.config.quirks);
            down.at += bytes.len() as i64;
            self.dirty.insert(conn);
        }
        if down.at >= down.end && s.out.is_empty() && s.in_flight == 0 {
            self.close(conn, Why::Done);
        } else {
            self.transfers.insert(conn, Transfer::Down(down));
        }
        Ok(())
    }

    /// The peer has taken something.
    //= MEDIA-STALL-1
    pub(super) fn taken(&mut self, conn: ConnId, now: Time, store: &dyn Store) -> Result<(), StoreError> {
        let Some(Transfer::Down(down)) = self.transfers.get(&conn) else { return Ok(()) };
        let down = *down;
        if let Some(s) = self.sessions.get_mut(&conn) {
            s.deadline = now + self.config.limits.media_idle_after;
        }
        self.download(conn, down, store)
    }

    /// The peer is gone: what it sent and fills no piece is kept for the next time.
    //= MEDIA-RESUME-1
    pub(super) fn keep_rest(&mut self, conn: ConnId, store: &mut dyn Store) -> Result<(), StoreError> {
        let Some(Transfer::Up(mut up)) = self.transfers.remove(&conn) else { return Ok(()) };
        if up.got == up.media.received || up.media.complete {
            return Ok(());
        }
        let mut effects = Vec::new();
        up.keep_piece(&mut effects);
        (up.media.received, up.media.hash) = (up.got, up.hash.state());
        effects.push(put(Shelf::Media, (up.id, 0), &up.media));
        effects.iter().try_for_each(|effect| store.apply(effect))
    }
}
