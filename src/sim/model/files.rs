//! Files: what was announced and sent, and what comes down. A file arrives byte by byte as it was sent, at whoever is in
//! its room, and nobody else gets any of it; one whose SHA-1 is not the announced one is never there.

use std::collections::BTreeMap;

use super::Model;
use super::operations::{About, Op};
use super::places::{Ending, Place};
use crate::proto::client::media::{Download, MediaFailure, Upload};
use crate::proto::client::{Action, Endpoint, read_body};
use crate::proto::command::{gettrailer, ship, status};
use crate::proto::entropy::Entropy;
use crate::proto::server::hash::FileHash;
use crate::proto::server::records::media::{Media, PIECE_LEN};
use crate::proto::server::store::{Log, Shelf, Store, StoreError, find};
use crate::sim::courier::{Carried, Errand, Load};
use crate::sim::invariants::Invariant;
use crate::sim::scenario::Do;
use crate::sim::sometimes::Place as Reached;

/// Kinds of message: a photo, and any file.
const KINDS: [(i32, &str); 2] = [(2, "jpg"), (18, "txt")];

/// Whether a message of this kind has a file and no text.
pub(super) const fn is_file(kind: i32) -> bool {
    kind == KINDS[0].0 || kind == KINDS[1].0
}

/// A file that somebody has wanted to send.
#[derive(Debug)]
pub(super) struct File {
    room: i64,
    user: i64,
    /// From which its bytes are made.
    seed: u64,
    size: usize,
    /// What was announced, right or wrong.
    checksum: String,
    right: bool,
    /// By which SHIP has named it; empty before that.
    key: String,
    /// Its message, acknowledged.
    log: Option<i64>,
}

/// How a user stood to a room when he asked: in or out for sure, and after so many changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    is_in: bool,
    is_out: bool,
    moves: u32,
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        let mut e = Entropy::named(self.seed, "file");
        let mut bytes = Vec::with_capacity(self.size + 8);
        while bytes.len() < self.size {
            bytes.extend(e.u64().to_le_bytes());
        }
        bytes.truncate(self.size);
        bytes
    }

    fn kind(&self) -> (i32, &'static str) {
        if self.seed.is_multiple_of(2) { KINDS[0] } else { KINDS[1] }
    }
}

impl Model {
    fn stand(&self, room: i64, user: i64) -> Stand {
        let never = Place::new(false);
        let place = self.place(room, user).unwrap_or(&never);
        Stand { is_in: place.is_in(), is_out: place.is_out(), moves: place.moves() }
    }

    /// SHIP: a file for a room. One in a few is announced with the SHA-1 of another, and must not get there.
    pub fn upload(&mut self, device: usize, room: i64, size: usize, right: bool) -> Option<Action> {
        let d = self.devices.get(device)?;
        let (user, seed) = (d.user, (device as u64) << 32 | d.next_ticket);
        let mut file = File { room, user, seed, size, checksum: String::new(), right, key: String::new(), log: None };
        let mut hash = FileHash::default();
        hash.update(&file.bytes());
        if !right {
            hash.update(b"another one");
        }
        file.checksum = hash.checksum();
        let (kind, extension) = file.kind();
        let op = self.op(Do::Upload, room, About::File(self.files.len()));
        let (checksum, extension) = (file.checksum.clone(), Some(extension));
        self.files.push(file);
        let body =
            ship::Request { chat_id: room, kind, size: size as i64, checksum: &checksum, extension, extra: Some("{}") };
        self.ask(device, op, &body)
    }

    /// Files of a room that are there for sure; with `inside` false those of rooms in which the user of this device is
    /// not.
    #[must_use]
    pub fn files(&self, device: usize, inside: bool) -> Vec<usize> {
        let Some(user) = self.user(device) else { return Vec::new() };
        let stands = |f: &File| {
            let stand = self.stand(f.room, user);
            if inside { stand.is_in } else { stand.is_out }
        };
        let there = self.files.iter().enumerate().filter(|(_, f)| f.log.is_some() && stands(f));
        there.map(|(n, _)| n).collect()
    }

    /// GETTRAILER: where a file is, to get it.
    pub fn download(&mut self, device: usize, file: usize) -> Option<Action> {
        let user = self.user(device)?;
        let f = self.files.get(file)?;
        let (key, kind, stand) = (f.key.clone(), f.kind().0, self.stand(f.room, user));
        let op = self.op(Do::Download, f.room, About::Get(file, stand));
        self.ask(device, op, &gettrailer::Request { key: &key, kind: Some(kind) })
    }

    /// The server has said where to go: the file sets out, and the request goes on. Gives it back where it does not.
    pub(super) fn sets_out(&mut self, (device, ticket): (usize, u64), op: Op, body: &[u8]) -> Option<Op> {
        let (host, port, load) = match op.about {
            About::File(n) => {
                let (Ok(reply), Some(f)) = (read_body::<ship::Reply<'_>>(body), self.files.get_mut(n)) else {
                    return Some(op);
                };
                reply.key.clone_into(&mut f.key);
                let (key, name) = (f.key.clone(), Some(format!("{}.{}", f.seed, f.kind().1)));
                let (size, kind, room) = (f.size as i64, f.kind().0, f.room);
                let job = Upload { key, size, kind, room, name, msg_id: ticket.cast_signed(), ..Upload::default() };
                (reply.host.to_owned(), reply.port, Load::Up(job, f.bytes()))
            }
            About::Get(n, _) => {
                let (Ok(reply), Some(f)) = (read_body::<gettrailer::Reply<'_>>(body), self.files.get(n)) else {
                    return Some(op);
                };
                let job = Download { key: f.key.clone(), room: Some(f.room), ..Download::default() };
                (reply.host.to_owned(), reply.port, Load::Down(job))
            }
            _ => return Some(op),
        };
        let endpoint = Endpoint::new(host, u16::try_from(port).unwrap_or_default());
        self.errands.push(Errand { device, ticket, endpoint, load });
        self.carried.insert((device, ticket), op);
        None
    }

    /// The files that have to be carried now.
    pub fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    /// What came of a file that was carried; gives the interesting place that was reached, if one was.
    pub fn carried(&mut self, device: usize, ticket: u64, came: &Carried) -> Option<Reached> {
        let op = self.carried.remove(&(device, ticket))?;
        let label = self.devices.get(device).map_or("", |d| &*d.label).to_owned();
        let (how, wrong) = match op.about {
            About::File(n) => self.went_up(n, came),
            About::Get(n, stand) => self.came_down(device, n, stand, came),
            _ => (Ending::Doubt, None),
        };
        if let Some((invariant, what)) = wrong {
            self.report(invariant, format!("{label}: {what}"));
        }
        self.end(&op, how);
        match (&op.about, came) {
            (About::Get(_, before), Carried::Failed(MediaFailure::Refused(_))) if before.is_out => {
                Some(Reached::StrangerRefusedFile)
            }
            (About::File(_), Carried::Failed(MediaFailure::Refused(status::MEDIA_FAILED))) => {
                Some(Reached::WrongFileRefused)
            }
            _ => None,
        }
    }

    fn went_up(&mut self, n: usize, came: &Carried) -> (Ending, Option<(Invariant, String)>) {
        let Some(f) = self.files.get(n) else { return (Ending::Doubt, None) };
        let (room, user, right, size) = (f.room, f.user, f.right, f.size);
        let whole = |what: String| Some((Invariant::Whole, format!("a file of {size} bytes to room {room} {what}")));
        match came {
            Carried::Up { log_id, attachment } => {
                let wrong = if right { self.hangs_on(n, attachment) } else { Some("has another SHA-1".to_owned()) };
                if let Some(f) = self.files.get_mut(n) {
                    f.log = Some(*log_id);
                }
                self.know(room, *log_id);
                (Ending::Done, wrong.and_then(|why| whole(format!("is taken, and {why}"))))
            }
            Carried::Failed(MediaFailure::Refused(status::MEDIA_FAILED)) => {
                (Ending::Refused, if right { whole("arrives spoilt".to_owned()) } else { None })
            }
            // An earlier connection may have brought all of it before he was out.
            Carried::Failed(MediaFailure::Refused(status)) => {
                let may = self.may_fail(room, user);
                (Ending::Doubt, if may { None } else { whole(format!("is refused: {status}")) })
            }
            Carried::Failed(why) if why.is_passing() => (Ending::Doubt, None),
            other => (Ending::Doubt, whole(format!("does not get there: {}", other.brief()))),
        }
    }

    /// What is wrong with what hangs on the message of a file.
    fn hangs_on(&self, n: usize, attachment: &str) -> Option<String> {
        let f = self.files.get(n)?;
        let Ok(json) = serde_json::from_str::<serde_json::Value>(attachment) else {
            return Some(format!("what hangs on it is no JSON: {attachment}"));
        };
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str);
        let same = text("k") == Some(&f.key)
            && text("cs").is_none_or(|cs| cs == f.checksum)
            && json.get("s").and_then(serde_json::Value::as_u64) == Some(f.size as u64);
        (!same).then(|| format!("what hangs on it is of another file: {attachment}"))
    }

    fn came_down(
        &self,
        device: usize,
        n: usize,
        before: Stand,
        came: &Carried,
    ) -> (Ending, Option<(Invariant, String)>) {
        let (Some(f), Some(user)) = (self.files.get(n), self.user(device)) else { return (Ending::Doubt, None) };
        // As before, and nothing in between.
        let stayed = self.stand(f.room, user) == before;
        let named = |what: String| format!("file {} of room {}: {what}", f.key, f.room);
        match came {
            Carried::Down(_) if before.is_out && stayed => {
                (Ending::Done, Some((Invariant::Private, named("comes, and the user is no member".to_owned()))))
            }
            Carried::Down(bytes) if *bytes != f.bytes() => {
                let what = format!("{} bytes come, not the {} that it has", bytes.len(), f.size);
                (Ending::Done, Some((Invariant::Whole, named(what))))
            }
            Carried::Down(_) => (Ending::Done, None),
            Carried::Failed(MediaFailure::Refused(status)) => {
                let wrong = before.is_in && stayed;
                let what = || (Invariant::Whole, named(format!("a member is refused it: {status}")));
                (Ending::Refused, wrong.then(what))
            }
            Carried::Failed(why) if why.is_passing() => (Ending::Doubt, None),
            other => (Ending::Doubt, Some((Invariant::Whole, named(other.brief())))),
        }
    }

    /// What speaks against it that this is the message of a file.
    pub(super) fn is_not_uploaded(&self, room: i64, log: i64, author: i64) -> Option<String> {
        let of = |f: &&File| f.room == room && f.user == author && f.right && !f.key.is_empty();
        let fits = |f: &File| f.log.is_none_or(|l| l == log);
        if self.files.iter().filter(of).any(fits) { None } else { Some(format!("{author} has no such file there")) }
    }

    /// The files of a room as the store has them: each message has its own file, what was acknowledged is there, and
    /// its bytes are those that were sent.
    pub(super) fn compare_files(&self, store: &dyn Store, room: i64, logs: &[Log]) -> Result<(), StoreError> {
        let by_key: BTreeMap<&str, usize> =
            self.files.iter().enumerate().filter(|(_, f)| f.room == room).map(|(n, f)| (&*f.key, n)).collect();
        let mut seen: BTreeMap<usize, i64> = BTreeMap::new();
        for log in logs.iter().filter(|l| is_file(l.kind)) {
            let attachment = log.attachment.as_deref().unwrap_or_default();
            let json: serde_json::Value = serde_json::from_str(attachment).unwrap_or_default();
            let key = json.get("k").and_then(serde_json::Value::as_str).unwrap_or_default();
            let Some(n) = by_key.get(key).copied() else {
                self.report(Invariant::Whole, format!("room {room}: message {} is of no file", log.log_id));
                continue;
            };
            if let Some(first) = seen.insert(n, log.log_id) {
                let what = format!("room {room} has file {key} as {first} and as {}", log.log_id);
                self.report(Invariant::Once, what);
            }
            self.compare_file(store, n, log, attachment)?;
        }
        for (n, f) in self.files.iter().enumerate().filter(|(_, f)| f.room == room) {
            if f.log.is_some() && f.log != seen.get(&n).copied() {
                let what = format!("room {room}: file {} was acknowledged, and is not in the store", f.key);
                self.report(Invariant::Durable, what);
            }
        }
        Ok(())
    }

    fn compare_file(&self, store: &dyn Store, n: usize, log: &Log, attachment: &str) -> Result<(), StoreError> {
        let Some(f) = self.files.get(n) else { return Ok(()) };
        let digits = f.key.strip_prefix('m').and_then(|k| k.split_once('-'));
        let id = digits.and_then(|(id, _)| i64::from_str_radix(id, 16).ok()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(f.size);
        for piece in 0..f.size.div_ceil(PIECE_LEN) {
            bytes.extend(store.get(Shelf::MediaBytes, (id, piece as i64))?.unwrap_or_default());
        }
        let record: Option<Media> = find(store, Shelf::Media, (id, 0))?;
        let complete = record.is_some_and(|m| m.complete && m.log_id == log.log_id);
        let wrong = if !f.right {
            Some("its SHA-1 is not the announced one".to_owned())
        } else if bytes != f.bytes() || !complete {
            Some(format!("{} bytes are kept, not the {} that were sent", bytes.len(), f.size))
        } else {
            self.hangs_on(n, attachment)
        };
        if let Some(why) = wrong {
            self.report(Invariant::Whole, format!("room {}: message {}: {why}", f.room, log.log_id));
        }
        Ok(())
    }
}
