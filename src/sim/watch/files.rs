//! Connections that carry a file: where an upload goes on, and which of them may be there without a login.
//!
//! How much of an upload the server has is what it has read. What fills a piece is kept with the commit that follows,
//! and so is the rest of an upload whose peer has gone; a new connection goes on from no earlier byte, and from none
//! that never came.

use std::collections::BTreeMap;

use super::Watch;
use crate::proto::server::ConnId;
use crate::proto::server::records::media::PIECE_LEN;
use crate::proto::time::Time;
use crate::sim::invariants::Invariant;
use crate::sim::sometimes::Place;
use crate::sim::tap::Seen;

/// A file on its way.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    key: String,
    /// When it got on last: a frame that is not whole does not count.
    pub moved: Time,
    /// Bytes that had come up by then.
    bytes: u64,
    /// Nothing for one that goes down.
    up: Option<Up>,
}

#[derive(Clone, Copy, Debug)]
struct Up {
    size: i64,
    /// Where this connection has begun; nothing before the server has said so.
    from: Option<i64>,
}

/// What the server has of an upload.
#[derive(Clone, Copy, Debug, Default)]
struct Had {
    /// For sure, and not all of it.
    kept: i64,
    /// At most.
    most: i64,
}

/// What the server has of all uploads.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    had: BTreeMap<String, Had>,
    /// Rests that the next commit keeps.
    rests: Vec<(String, i64)>,
}

/// The requests with which a connection becomes one that carries a file.
pub(super) fn begins_transfer(method: &str) -> bool {
    matches!(method, "POST" | "MPOST" | "DOWN" | "MINI")
}

impl Watch {
    /// POST or DOWN has come.
    pub(super) fn wants_transfer(&mut self, conn: ConnId, p: &Seen) {
        let text = |name: &str| match p.document().and_then(|d| d.get(name)) {
            Some(crate::proto::wire::Value::String(text)) => text.to_owned(),
            _ => String::new(),
        };
        let is_up = matches!(p.method.as_str(), "POST" | "MPOST");
        let up = is_up.then(|| Up { size: p.integer("s").unwrap_or_default(), from: None });
        if !is_up && p.integer("o").unwrap_or_default() > 0 {
            self.sometimes.reach(Place::DownloadResumed);
        }
        if let Some(view) = self.conns.get_mut(&conn) {
            view.file = Some(Transfer { key: text("k"), moved: view.read, bytes: 0, up });
        }
    }

    /// POST was granted: the upload goes on from what is there.
    pub(super) fn upload_begins(&mut self, conn: ConnId, p: &Seen) {
        let offset = p.integer("o").unwrap_or_default();
        let Some(Transfer { key, up: Some(up), .. }) = self.conns.get_mut(&conn).and_then(|v| v.file.as_mut()) else {
            return;
        };
        up.from = Some(offset);
        let (size, key) = (up.size, key.clone());
        let had = self.uploads.had.entry(key.clone()).or_default();
        let (kept, most) = (had.kept, had.most);
        had.most = had.most.max(offset);
        if offset < kept || offset > most {
            let what =
                format!("upload {key} goes on from byte {offset}; between {kept} and {most} bytes of it are there");
            self.court.report(Invariant::Whole, what);
        } else if offset > 0 && offset < size {
            self.sometimes.reach(Place::UploadResumed);
        }
    }

    /// The server has read something on a connection: how much of a file that makes.
    pub(super) fn upload_read(&mut self, conn: ConnId) {
        let Some((key, got, _)) = self.upload_of(conn) else { return };
        let had = self.uploads.had.entry(key).or_default();
        had.most = had.most.max(got);
        if let Some(view) = self.conns.get_mut(&conn)
            && let Some(file) = &mut view.file
            && view.tap.uploaded() > file.bytes
        {
            (file.bytes, file.moved) = (view.tap.uploaded(), view.read);
        }
    }

    /// The key, the bytes that the server has, and whether that is all; nothing where nothing goes up.
    fn upload_of(&self, conn: ConnId) -> Option<(String, i64, bool)> {
        let view = self.conns.get(&conn).filter(|v| v.closing.is_none())?;
        let Transfer { key, up: Some(Up { size, from: Some(from) }), .. } = view.file.as_ref()? else { return None };
        let got = from + i64::try_from(view.tap.uploaded()).unwrap_or_default();
        Some((key.clone(), got, got >= *size))
    }

    /// A peer has gone that was sending: what it has sent is kept with the next commit.
    pub(super) fn upload_ends(&mut self, conn: ConnId) {
        // Of one that the server itself has ended, only whole pieces are.
        if let Some((key, got, false)) = self.upload_of(conn) {
            self.uploads.rests.push((key, got));
        }
    }

    /// A commit has kept the pieces that are whole.
    pub(super) fn uploads_kept(&mut self) {
        let piece = PIECE_LEN as i64;
        let under_way: Vec<_> = self.conns.keys().filter_map(|conn| self.upload_of(*conn)).collect();
        let rests = std::mem::take(&mut self.uploads.rests);
        for (key, got, all) in under_way {
            let had = self.uploads.had.entry(key).or_default();
            // All of it: it may be refused now, and then nothing of it is there.
            had.kept = if all { 0 } else { had.kept.max(got / piece * piece) };
        }
        for (key, got) in rests {
            let had = self.uploads.had.entry(key).or_default();
            had.kept = had.kept.max(got);
        }
    }

    /// The server on this host is dead, and with it what it had not committed.
    pub(super) fn uploads_lost(&mut self, host: &str) {
        self.uploads.rests.clear();
        // All of it had come, and a commit that failed may be there all the same: it may have refused the file.
        let ours = self.conns.iter().filter(|(_, v)| &*v.host == host).map(|(conn, _)| *conn);
        let whole: Vec<_> = ours.filter_map(|conn| self.upload_of(conn)).filter(|(_, _, all)| *all).collect();
        for (key, ..) in whole {
            self.uploads.had.entry(key).or_default().kept = 0;
        }
    }
}
