//! Which rooms changed when: what `lastTokenId` of a login counts (`LOGIN-CURSOR-1`, ours).
//!
//! New messages are known by their log ids, and are not counted here. Everything else that a client shows of a room
//! is: its members and shared settings and an edited message for all of them; read mark, sound and own settings for the
//! one user. The effects say so themselves, so no handler has to think of it.

use std::collections::BTreeMap;

use super::records::change::Change;
use super::store::{Effect, Shelf, Store, StoreError, all, find, put};

/// Stands for every member, and as a room for the count of all changes.
const EVERYBODY: i64 = 0;

/// The number of the last change.
///
/// # Errors
/// The store failed; so for all of them.
pub(super) fn last(store: &dyn Store) -> Result<i64, StoreError> {
    Ok(find::<Change>(store, Shelf::Changes, (EVERYBODY, 0))?.map_or(0, |c| c.token))
}

/// Whether the room changed for this user after the change called `token`.
pub(super) fn changed(store: &dyn Store, user: i64, room: i64, token: i64) -> Result<bool, StoreError> {
    for who in [EVERYBODY, user] {
        if find::<Change>(store, Shelf::Changes, (who, room))?.is_some_and(|c| c.token > token) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rooms that the user has left after the change called `token`.
pub(super) fn left(store: &dyn Store, user: i64, token: i64) -> Result<Vec<i64>, StoreError> {
    let mut rooms = all::<Change>(store, Shelf::Changes, user)?;
    rooms.retain(|(_, c)| c.gone && c.token > token);
    Ok(rooms.into_iter().map(|(room, _)| room).collect())
}

/// Notes the rooms that these effects change, all under the next number.
//= LOGIN-CURSOR-1
pub(super) fn note(store: &mut dyn Store, effects: &[Effect]) -> Result<(), StoreError> {
    if effects.is_empty() {
        return Ok(());
    }
    let mut rooms: BTreeMap<(i64, i64), bool> = BTreeMap::new();
    for (who, room, gone) in effects.iter().flat_map(touched).flatten() {
        // Who leaves takes his own settings with him: he is gone all the same.
        *rooms.entry((who, room)).or_default() |= gone;
    }
    if rooms.is_empty() {
        return Ok(());
    }
    let token = last(store)? + 1;
    for (key, gone) in rooms {
        store.apply(&put(Shelf::Changes, key, &Change { token, gone }))?;
    }
    store.apply(&put(Shelf::Changes, (EVERYBODY, 0), &Change { token, gone: false }))
}

/// For whom an effect changes which room, and whether he has left it.
const fn touched(effect: &Effect) -> [Option<(i64, i64, bool)>; 2] {
    match effect {
        Effect::SetWatermark { chat_id, user_id, .. } | Effect::SetMuted { chat_id, user_id, .. } => {
            [Some((*user_id, *chat_id, false)), None]
        }
        Effect::AddMember { chat_id, member } => {
            [Some((EVERYBODY, *chat_id, false)), Some((member.user_id, *chat_id, false))]
        }
        Effect::RemoveMember { chat_id, user_id } => {
            [Some((EVERYBODY, *chat_id, false)), Some((*user_id, *chat_id, true))]
        }
        Effect::ReplaceLog(log) => [Some((EVERYBODY, log.chat_id, false)), None],
        Effect::Put { shelf, key, .. } | Effect::Remove { shelf, key } => match shelf {
            Shelf::Metas | Shelf::RoomKeys => [Some((EVERYBODY, key.0, false)), None],
            Shelf::ClientMetas => [Some((key.0, key.1, false)), None],
            _ => [None, None],
        },
        Effect::AppendLog(_) | Effect::CreateRoom(_) | Effect::PutUser(_) => [None, None],
    }
}
