//! POST, MPOST, DOWN, MINI: what is asked on a media connection, and what comes of an upload.
//!
//! A media connection never logs in. What authorises it is the key of SHIP, which nobody can guess, together with the
//! user that it names (ours: the protocol has nothing else on these connections).

use super::attachment::{ALBUM, PHOTO, attachment};
use super::media::{by_key, whole};
use super::view::{chat_log, room_of};
use super::writing::{Letter, write_into};
use crate::proto::command::field::AnyInt;
use crate::proto::command::{CommandId, complete, down, mini, mpost, post, status};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::hash::FileHash;
use crate::proto::server::media::{Download, Transfer, Upload};
use crate::proto::server::records::media::{Media, PIECE_LEN};
use crate::proto::server::store::{Effect, Shelf, Store, put};

/// What is answered here.
pub const HANDLERS: &[Row] =
    &[(CommandId::Post, post), (CommandId::MPost, mpost), (CommandId::Down, down), (CommandId::Mini, mini)];

/// POST: the upload begins, or goes on where it was.
///
/// # Errors
/// A wrong body, a key that is not this user's (-306), another size (-203), a room that is not the user's (-401).
//= MEDIA-POST-1, MEDIA-PRIVATE-1
pub fn post(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: post::Request<'_> = ask.body(answer)?;
    let (id, mut media) = expected(ask, store, q.key, q.user_id, q.size, false)?;
    if q.chat_id.is_some_and(|c| c != media.chat_id) {
        return Err(Refused::Status(status::NO_SUCH_ROOM));
    }
    if !media.complete {
        media.name = q.file_name.0.map(str::to_owned);
        (media.width, media.height) = (q.width.unwrap_or_default(), q.height.unwrap_or_default());
        (media.msg_id, media.no_seen) = (q.msg_id.unwrap_or_default(), q.no_seen.unwrap_or_default());
    }
    let offset = AnyInt::Int64(begin(ask, store, id, media, answer)?);
    answer.reply(&post::Reply { status: 0, offset, offset_alt: Some(offset) });
    Ok(())
}

/// MPOST: the same for a file of MSHIP.
///
/// # Errors
/// As POST.
//= MEDIA-MPOST-1
pub fn mpost(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: mpost::Request<'_> = ask.body(answer)?;
    let (id, media) = expected(ask, store, q.key, q.user_id, q.size, true)?;
    let offset = AnyInt::Int64(begin(ask, store, id, media, answer)?);
    answer.reply(&mpost::Reply { status: 0, offset });
    Ok(())
}

/// DOWN: the bytes of a file from an offset on.
///
/// # Errors
/// A wrong body, a file that is not there (-306), a user who is no member (-401), an offset outside of it (-203).
//= MEDIA-DOWN-1, MEDIA-DOWN-2, MEDIA-PRIVATE-1
pub fn down(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: down::Request<'_> = ask.body(answer)?;
    let (id, media) = whole(store, q.key)?;
    let size = send(ask, store, id, &media, (q.user_id, q.chat_id, q.offset), answer)?;
    answer.reply(&down::Reply { status: 0, size: shortest(size) });
    Ok(())
}

/// MINI: a thumbnail. The reference makes none and sends the picture itself (ours).
///
/// # Errors
/// As DOWN; a file that is no picture (-307); a width or height below 1 (-203).
//= MEDIA-MINI-1
pub fn mini(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: mini::Request<'_> = ask.body(answer)?;
    if q.width < 1 || q.height < 1 {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let (id, media) = whole(store, q.key)?;
    let size = send(ask, store, id, &media, (q.user_id, q.chat_id, q.offset.unwrap_or_default()), answer)?;
    if media.kind != PHOTO && media.kind != ALBUM {
        return Err(Refused::Status(status::NO_THUMBNAIL));
    }
    answer.reply(&mini::Reply { status: 0, size: shortest(size) });
    Ok(())
}

/// A count of bytes, as an int32 where it fits: one client counts with it as it comes (`MEDIA-DOWN-1`).
fn shortest(n: i64) -> AnyInt {
    i32::try_from(n).map_or(AnyInt::Int64(n), AnyInt::Int32)
}

/// The last byte of an upload has come: COMPLETE, and for SHIP the message.
///
/// # Errors
/// The store failed.
//= MEDIA-COMPLETE-1, MEDIA-HASH-1, MEDIA-ONCE-1
pub(in crate::proto::server) fn finish(
    ask: &Ask<'_>,
    store: &dyn Store,
    up: &mut Upload,
    answer: &mut Answer,
) -> Result<(), Refused> {
    let room = match room_of(ask, store, up.media.chat_id) {
        Ok(room) => room,
        Err(Refused::Status(status)) => return failed(up, status, answer),
        Err(e) => return Err(e),
    };
    let media = &mut up.media;
    let link_id = (room.link_id != 0).then_some(room.link_id);
    let no_seen = (!media.album).then_some(media.no_seen);
    // A client that has lost its COMPLETE asks again: the message stays one.
    if media.complete {
        let log = if media.log_id == 0 { None } else { store.log(room.id, media.log_id)? };
        let chat_log = log.as_ref().map(|l| chat_log(l, ask.era));
        answer.reply(&complete::Push { status: 0, chat_log, link_id, no_seen });
        return Ok(());
    }
    if up.hash.checksum() != media.checksum && !ask.config.quirks.has(Quirk::AcceptsWrongHash) {
        return failed(up, status::MEDIA_FAILED, answer);
    }
    (media.complete, media.received) = (true, media.size);
    media.hash.clear();
    if media.album {
        answer.effects.push(put(Shelf::Media, (up.id, 0), media));
        answer.reply(&complete::Push { status: 0, chat_log: None, link_id, no_seen });
        return Ok(());
    }
    let extra = attachment(media);
    let letter = Letter {
        kind: media.kind,
        text: Some(""),
        extra: Some(&extra),
        msg_id: media.msg_id,
        no_seen,
        ..Letter::default()
    };
    let log = match write_into(ask, store, &room, &letter, answer) {
        Ok(written) => {
            let log = written.log().clone();
            written.keep(answer);
            log
        }
        Err(Refused::Status(status)) => return failed(up, status, answer),
        Err(e) => return Err(e),
    };
    up.media.log_id = log.log_id;
    answer.effects.push(put(Shelf::Media, (up.id, 0), &up.media));
    answer.reply(&complete::Push { status: 0, chat_log: Some(chat_log(&log, ask.era)), link_id, no_seen });
    Ok(())
}

/// Nothing is kept of the bytes; the key may be used again, from byte 0.
fn failed(up: &mut Upload, status: i32, answer: &mut Answer) -> Result<(), Refused> {
    if !up.media.complete {
        answer.effects.extend(up.forget());
    }
    answer.reply(&complete::Push { status, ..Default::default() });
    Ok(())
}

/// The file that this user has announced.
fn expected(
    ask: &Ask<'_>,
    store: &dyn Store,
    key: &str,
    user_id: Option<i64>,
    size: i64,
    album: bool,
) -> Result<(i64, Media), Refused> {
    let found = by_key(store, key)?.filter(|(_, m)| m.album == album && user_id.is_none_or(|u| u == m.owner));
    let (id, media) = found.ok_or(Refused::Status(status::NO_SUCH_MEDIA))?;
    room_of(&Ask { user: media.owner, ..*ask }, store, media.chat_id)?;
    if size != media.size {
        return Err(Refused::Status(status::BAD_BODY));
    }
    Ok((id, media))
}

/// Gives the offset from which on the bytes are expected.
//= MEDIA-RESUME-1
fn begin(ask: &Ask<'_>, store: &dyn Store, id: i64, mut media: Media, answer: &mut Answer) -> Result<i64, Refused> {
    let have = usize::try_from(media.received % PIECE_LEN as i64).unwrap_or_default();
    let (mut hash, mut piece) = (FileHash::resume(&media.hash), Vec::new());
    if have > 0 && !media.complete {
        piece = store.get(Shelf::MediaBytes, (id, media.received / PIECE_LEN as i64))?.unwrap_or_default();
        piece.truncate(have);
    }
    // What is there cannot be gone on with: a piece is missing, or the state of its hash cannot be read.
    let damaged = hash.is_none() || (piece.len() != have && !media.complete);
    if !media.complete && (damaged || ask.config.quirks.has(Quirk::ResumeFromZero)) {
        (media.received, hash) = (0, None);
        piece.clear();
    }
    if !media.complete && ask.config.quirks.has(Quirk::MediaResumesWrongOffset) {
        too_far(&mut media, &mut piece);
    }
    let got = media.received;
    let up = Upload { id, media, hash: hash.unwrap_or_default(), got, piece };
    answer.transfer = Some(Transfer::Up(Box::new(up)));
    Ok(got)
}

/// A planted bug: what is left of the piece in which an upload broke off counts as come.
fn too_far(media: &mut Media, piece: &mut Vec<u8>) {
    if media.received == 0 {
        return;
    }
    let len = PIECE_LEN as i64;
    let to = ((media.received / len + 1) * len).min(media.size);
    piece.resize(usize::try_from(media.received % len + to - media.received).unwrap_or_default(), 0);
    media.received = to;
    if piece.len() == PIECE_LEN {
        piece.clear();
    }
}

/// Gives how many bytes follow the reply.
fn send(
    ask: &Ask<'_>,
    store: &dyn Store,
    id: i64,
    media: &Media,
    (user_id, chat_id, offset): (Option<i64>, Option<i64>, i64),
    answer: &mut Answer,
) -> Result<i64, Refused> {
    if !ask.config.quirks.has(Quirk::DownloadSkipsMembership) {
        room_of(&Ask { user: user_id.unwrap_or_default(), ..*ask }, store, chat_id.unwrap_or(media.chat_id))?;
    }
    if !(0..=media.size).contains(&offset) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let at = if ask.config.quirks.has(Quirk::DownloadIgnoresOffset) { 0 } else { offset };
    answer.transfer = Some(Transfer::Down(Download { id, at, end: media.size }));
    Ok(media.size - at)
}

/// What an upload changes when its bytes are dropped.
impl Upload {
    fn forget(&mut self) -> Vec<Effect> {
        let pieces = (self.media.size + PIECE_LEN as i64 - 1) / PIECE_LEN as i64;
        let mut effects: Vec<Effect> =
            (0..pieces).map(|n| Effect::Remove { shelf: Shelf::MediaBytes, key: (self.id, n) }).collect();
        self.media.received = 0;
        self.media.hash.clear();
        effects.push(put(Shelf::Media, (self.id, 0), &self.media));
        effects
    }
}
