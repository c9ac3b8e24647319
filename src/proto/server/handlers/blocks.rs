//! Who is blocked: BLADDITEM, BLDELITEM, BLSYNC, BLMEMBER.

use std::collections::BTreeMap;

use super::view::member;
use crate::proto::command::{CommandId, bladditem, bldelitem, blmember, blsync, status};
use crate::proto::quirk::Quirk;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::records::account::{BLOCKS, BlockRevisions};
use crate::proto::server::records::block::Block;
use crate::proto::server::store::{Effect, Shelf, Store, StoreError, all, find, put};

/// What is answered here.
pub const HANDLERS: &[Row] = &[
    (CommandId::BlAddItem, bladditem),
    (CommandId::BlDelItem, bldelitem),
    (CommandId::BlSync, blsync),
    (CommandId::BlMember, blmember),
];

/// The highest kind of a block: 0 blocked, 1 the profile is hidden too.
const KIND_MAX: i32 = 1;

/// Whether `owner` has blocked `other`.
pub(super) fn blocked_by(store: &dyn Store, owner: i64, other: i64) -> Result<bool, StoreError> {
    Ok(store.get(Shelf::Blocks, (owner, other))?.is_some())
}

/// `lbk` of a login. One who comes with another gets the list pushed behind the answer.
//= BLOCK-LOGIN-1
pub(super) fn greet(
    store: &dyn Store,
    user: i64,
    lbk: Option<i32>,
    ask: &Ask<'_>,
    answer: &mut Answer,
) -> Result<i32, Refused> {
    let revisions = revisions(store, user)?;
    if lbk.unwrap_or_default() != revisions.last() && !ask.config.quirks.has(Quirk::BlockNotSynced) {
        answer.push_own(CommandId::BlSync, &List::whole(store, user)?.push(&revisions));
    }
    Ok(revisions.last())
}

pub(super) fn revisions(store: &dyn Store, user: i64) -> Result<BlockRevisions, StoreError> {
    Ok(find(store, Shelf::Accounts, (user, BLOCKS))?.unwrap_or_default())
}

/// BLADDITEM: they are blocked. What is so already changes nothing.
///
/// # Errors
/// A wrong body, also one that names nobody, the user himself or a kind that there is not; a user who does not exist
/// (-1).
//= BLOCK-ADD-1, BLOCK-BAD-1
pub fn bladditem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: bladditem::Request = ask.body(answer)?;
    let wanted = [(q.ids, q.kinds, false), (q.plus_ids, q.plus_kinds, true)];
    if wanted.iter().all(|(ids, ..)| ids.is_none()) {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let mut changes = BTreeMap::new();
    for (ids, kinds, plus) in wanted {
        for (id, kind) in paired(ids.unwrap_or_default(), kinds)? {
            if !(0..=KIND_MAX).contains(&kind) || id <= 0 || (!plus && id == ask.user) {
                return Err(Refused::Status(status::BAD_BODY));
            }
            if !plus && store.user(id)?.is_none() {
                return Err(Refused::Status(status::INVALID_USER));
            }
            let key = if plus { !id } else { id };
            let had: Option<Block> = find(store, Shelf::Blocks, (ask.user, key))?;
            if had.is_none_or(|b| b.kind != kind) {
                changes.insert(key, Some(kind));
            } else {
                changes.remove(&key);
            }
        }
    }
    change(ask, store, &changes, answer)?;
    answer.reply(&bladditem::Reply { status: 0 });
    Ok(())
}

/// Ids with their kinds, 0 for all when none are given.
fn paired(ids: Vec<i64>, kinds: Option<Vec<i32>>) -> Result<Vec<(i64, i32)>, Refused> {
    let kinds = kinds.unwrap_or_else(|| vec![0; ids.len()]);
    if kinds.len() != ids.len() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    Ok(ids.into_iter().zip(kinds).collect())
}

/// BLDELITEM: they are blocked no longer. Who was not changes nothing.
///
/// # Errors
/// A wrong body, also one that names nobody.
//= BLOCK-REMOVE-1
pub fn bldelitem(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: bldelitem::Request = ask.body(answer)?;
    if q.ids.is_none() && q.plus_ids.is_none() {
        return Err(Refused::Status(status::BAD_BODY));
    }
    let keys = q.ids.unwrap_or_default().into_iter().chain(q.plus_ids.unwrap_or_default().into_iter().map(|id| !id));
    let mut changes = BTreeMap::new();
    for key in keys {
        if blocked_by(store, ask.user, key)? {
            changes.insert(key, None);
        }
    }
    change(ask, store, &changes, answer)?;
    answer.reply(&bldelitem::Reply { status: 0 });
    Ok(())
}

/// Keeps what changed, `None` for a block that goes, and tells the user's other devices.
//= BLOCK-SYNC-1
fn change(
    ask: &Ask<'_>,
    store: &dyn Store,
    changes: &BTreeMap<i64, Option<i32>>,
    answer: &mut Answer,
) -> Result<(), Refused> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut revisions = revisions(store, ask.user)?;
    let revision = revisions.last().saturating_add(1);
    let mut list = List::default();
    for (key, kind) in changes {
        let (plus, place) = (*key < 0, (ask.user, *key));
        if plus {
            revisions.plus = revision;
        } else {
            revisions.users = revision;
        }
        answer.effects.push(match kind {
            Some(kind) => put(Shelf::Blocks, place, &Block { kind: *kind, plus, revision }),
            None => Effect::Remove { shelf: Shelf::Blocks, key: place },
        });
        list.add(*key, *kind);
    }
    answer.effects.push(put(Shelf::Accounts, (ask.user, BLOCKS), &revisions));
    if !ask.config.quirks.has(Quirk::BlockNotSynced) {
        answer.push(vec![ask.user], CommandId::BlSync, &list.push(&revisions));
    }
    Ok(())
}

/// BLSYNC as a request: the whole list.
///
/// # Errors
/// A wrong body.
//= BLOCK-LIST-1
pub fn blsync(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let _: blsync::Request = ask.body(answer)?;
    let list = List::whole(store, ask.user)?.push(&revisions(store, ask.user)?);
    answer.reply(&blsync::Reply {
        status: 0,
        revision: list.revision,
        plus_revision: list.plus_revision,
        full: list.full,
        ids: list.ids,
        kinds: list.kinds,
        removed_ids: list.removed_ids,
        plus_full: list.plus_full,
        plus_ids: list.plus_ids,
        plus_kinds: list.plus_kinds,
        plus_removed_ids: list.plus_removed_ids,
    });
    Ok(())
}

/// BLMEMBER: the records of those of the named users whom the caller has blocked; without names, of all whom he has.
///
/// # Errors
/// A wrong body.
//= BLOCK-MEMBER-1
pub fn blmember(ask: &Ask<'_>, store: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: blmember::Request = ask.body(answer)?;
    let whole = List::whole(store, ask.user)?.ids;
    let mut ids = q.ids.unwrap_or_else(|| whole.clone());
    ids.retain(|id| whole.contains(id));
    let mut users = Vec::new();
    for id in ids {
        users.extend(store.user(id)?);
    }
    answer.reply(&blmember::Reply { status: 0, members: users.iter().map(member).collect() });
    Ok(())
}

/// A block list, or what changed of it.
#[derive(Default)]
struct List {
    whole: bool,
    ids: Vec<i64>,
    kinds: Vec<i32>,
    removed: Vec<i64>,
    plus_ids: Vec<i64>,
    plus_kinds: Vec<i32>,
    plus_removed: Vec<i64>,
}

impl List {
    fn whole(store: &dyn Store, user: i64) -> Result<Self, StoreError> {
        let mut list = Self { whole: true, ..Self::default() };
        for (key, block) in all::<Block>(store, Shelf::Blocks, user)? {
            list.add(key, Some(block.kind));
        }
        Ok(list)
    }

    fn add(&mut self, key: i64, kind: Option<i32>) {
        let (id, ids, kinds, removed) = if key < 0 {
            (!key, &mut self.plus_ids, &mut self.plus_kinds, &mut self.plus_removed)
        } else {
            (key, &mut self.ids, &mut self.kinds, &mut self.removed)
        };
        match kind {
            Some(kind) => {
                ids.push(id);
                kinds.push(kind);
            }
            None => removed.push(id),
        }
    }

    /// The body of the push: all of a list, or of a change the parts that there are.
    fn push(self, revisions: &BlockRevisions) -> blsync::Push {
        let whole = self.whole;
        let (some, removed) = (self.ids.len() + usize::from(whole) > 0, !self.removed.is_empty());
        let (plus, plus_removed) = (self.plus_ids.len() + usize::from(whole) > 0, !self.plus_removed.is_empty());
        blsync::Push {
            revision: revisions.users,
            plus_revision: revisions.plus,
            full: Some(whole),
            ids: some.then_some(self.ids),
            kinds: some.then_some(self.kinds),
            removed_ids: removed.then_some(self.removed),
            plus_full: Some(whole),
            plus_ids: plus.then_some(self.plus_ids),
            plus_kinds: plus.then_some(self.plus_kinds),
            plus_removed_ids: plus_removed.then_some(self.plus_removed),
        }
    }
}
