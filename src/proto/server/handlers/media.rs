//! Files, as far as the carriage knows them: SHIP, MSHIP, GETTRAILER, MCHKTOKENS. Their bytes travel on connections of
//! their own: `transfer`.

use sha2::{Digest, Sha256};

use super::attachment::{ALBUM, AUDIO, CONTACT, FILE, PHOTO, VIDEO, media_type};
use super::view::room_of;
use crate::proto::command::{CommandId, gettrailer, mchktokens, mship, ship, status};
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::hash::hex;
use crate::proto::server::records::media::Media;
use crate::proto::server::store::{Shelf, Store, find, next_log_id, put};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::Ship, ship),
    (CommandId::MShip, mship),
    (CommandId::GetTrailer, gettrailer),
    (CommandId::MChkTokens, mchktokens),
];

/// Pictures in one album (loco-modern §4.5).
const ALBUM_LEN: core::ops::RangeInclusive<usize> = 2..=30;
/// The kinds of message that SHIP is for.
const KINDS: [i32; 5] = [PHOTO, VIDEO, CONTACT, AUDIO, FILE];
/// Hex digits of SHA-1.
const CHECKSUM_LEN: usize = 40;
/// Random bytes of a key.
const RANDOM_LEN: usize = 16;

/// SHIP: a key for one file, and where to bring it.
///
/// # Errors
/// A wrong body, a room that is not the user's, a kind or size that is not taken (-308).
//= MEDIA-SHIP-1
pub fn ship(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: ship::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    if !KINDS.contains(&q.kind) {
        return Err(Refused::Status(status::UNSUPPORTED));
    }
    let plan = Plan { kind: q.kind, size: q.size, checksum: q.checksum, extension: q.extension.unwrap_or_default() };
    plan.check(ask)?;
    let id = free_id(ask, store, answer)?;
    let media = plan.record(ask, room.id, id, false);
    answer.effects.push(put(Shelf::Media, (id, 0), &media));
    answer.reply(&ship::Reply {
        status: 0,
        key: &media.key,
        h: None,
        port: i32::from(ask.config.carriage_port),
        host: &ask.config.host,
        host6: "",
        rd: None,
    });
    Ok(())
}

/// MSHIP: the same for each picture of an album. All or none.
///
/// # Errors
/// As SHIP; arrays that are not paired, or too few or too many pictures (-203).
//= MEDIA-MSHIP-1
pub fn mship(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: mship::Request<'_> = ask.body(answer)?;
    let room = room_of(ask, store, q.chat_id)?;
    if q.kind != ALBUM {
        return Err(Refused::Status(status::UNSUPPORTED));
    }
    let extensions = q.extensions.unwrap_or_else(|| vec![""; q.sizes.len()]);
    let paired = q.sizes.len() == q.checksums.len() && q.sizes.len() == extensions.len();
    if !paired || !ALBUM_LEN.contains(&q.sizes.len()) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let mut files = Vec::new();
    for ((size, checksum), extension) in q.sizes.iter().zip(q.checksums).zip(extensions) {
        let plan = Plan { kind: ALBUM, size: *size, checksum, extension };
        plan.check(ask)?;
        let id = free_id(ask, store, answer)?;
        files.push(plan.record(ask, room.id, id, true));
        answer.effects.extend(files.last().map(|m| put(Shelf::Media, (id, 0), m)));
    }
    let each = |text: &'static str| vec![text; files.len()];
    answer.reply(&mship::Reply {
        status: 0,
        keys: files.iter().map(|m| m.key.as_str()).collect(),
        hl: None,
        ports: vec![i32::from(ask.config.carriage_port); files.len()],
        hosts: vec![ask.config.host.as_str(); files.len()],
        hosts6: each(""),
        media_types: files.iter().map(|m| media_type(&m.extension)).collect(),
        rd: None,
    });
    Ok(())
}

/// GETTRAILER: where a file is.
///
/// # Errors
/// A wrong body, or a file that is not there (-306).
//= MEDIA-TRAILER-1
pub fn gettrailer(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: gettrailer::Request<'_> = ask.body(answer)?;
    whole(store, q.key)?;
    answer.reply(&gettrailer::Reply {
        status: 0,
        h: None,
        port: i32::from(ask.config.carriage_port),
        host: &ask.config.host,
        host6: "",
        rd: None,
    });
    Ok(())
}

/// MCHKTOKENS: those of the keys whose files are there.
///
/// # Errors
/// A wrong body, or arrays that are not paired (-203).
//= MEDIA-TOKENS-1
pub fn mchktokens(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: mchktokens::Request<'_> = ask.body(answer)?;
    if q.kinds.len() != q.keys.len() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let mut known = Vec::new();
    for key in q.keys {
        if by_key(store, key)?.is_some_and(|(_, m)| m.complete) {
            known.push(key);
        }
    }
    answer.reply(&mchktokens::Reply { status: 0, known_keys: known });
    Ok(())
}

/// One file, as SHIP or MSHIP announces it.
struct Plan<'a> {
    kind: i32,
    size: i64,
    checksum: &'a str,
    extension: &'a str,
}

impl Plan<'_> {
    //= MEDIA-SIZE-1
    fn check(&self, ask: &Ask<'_>) -> Result<(), Refused> {
        let is_hex = self.checksum.len() == CHECKSUM_LEN && self.checksum.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hex || self.size < 0 {
            return Err(Refused::Status(status::BAD_BODY));
        }
        let picture = self.kind == PHOTO || self.kind == ALBUM;
        let most = if picture { ask.config.photo_size_max } else { ask.config.file_size_max };
        if self.size > most { Err(Refused::Status(status::UNSUPPORTED)) } else { Ok(()) }
    }

    fn record(&self, ask: &Ask<'_>, chat_id: i64, id: i64, album: bool) -> Media {
        Media {
            key: new_key(ask, id),
            owner: ask.user,
            chat_id,
            kind: self.kind,
            size: self.size,
            checksum: self.checksum.to_ascii_lowercase(),
            extension: self.extension.to_owned(),
            album,
            ..Media::default()
        }
    }
}

/// A key that nobody can guess and that says which file it is of.
//= MEDIA-KEY-1
fn new_key(ask: &Ask<'_>, id: i64) -> String {
    let hash: [u8; 32] = Sha256::new().chain_update(ask.media_secret).chain_update(id.to_le_bytes()).finalize().into();
    format!("m{id:x}-{}", hex(hash.get(..RANDOM_LEN).unwrap_or_default()))
}

/// An id that no file has. It comes from the numbers of the logs, which rise for ever.
fn free_id(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<i64, Refused> {
    let mut id = next_log_id(ask.last_log_id.max(answer.last_log_id), ask.now);
    while store.get(Shelf::Media, (id, 0))?.is_some() {
        id = id.saturating_add(1);
    }
    answer.last_log_id = id;
    Ok(id)
}

/// The file of this key.
pub(super) fn by_key(store: &dyn Store, key: &str) -> Result<Option<(i64, Media)>, Refused> {
    let digits = key.strip_prefix('m').and_then(|k| k.split_once('-'));
    let Some(id) = digits.and_then(|(id, _)| i64::from_str_radix(id, 16).ok()) else { return Ok(None) };
    let found: Option<Media> = find(store, Shelf::Media, (id, 0))?;
    Ok(found.filter(|m| m.key == key).map(|m| (id, m)))
}

/// The file of this key, if all of it is there.
pub(super) fn whole(store: &dyn Store, key: &str) -> Result<(i64, Media), Refused> {
    by_key(store, key)?.filter(|(_, m)| m.complete).ok_or(Refused::Status(status::NO_SUCH_MEDIA))
}
