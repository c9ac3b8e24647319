//! Settings, reactions and blocks in the store at the end: each has a value that the acknowledged writes allow.

use super::Model;
use super::operations::{OWN_NAME, Slot, YES_NO};
use crate::proto::server::records::Reaction;
use crate::proto::server::records::rooms::{OwnSettings, RoomMeta};
use crate::proto::server::store::{Shelf, Store, StoreError, find};
use crate::sim::invariants::Invariant;

impl Model {
    /// Compares every value that somebody has written.
    pub(super) fn compare_shelves(&self, store: &dyn Store) -> Result<(), StoreError> {
        let now = self.clock.now();
        for (slot, register) in &self.registers {
            let Some(value) = self.kept(store, *slot)? else { continue };
            if !register.may_be(&value, now, now) {
                let may = register.possible(now);
                let what = format!("{slot:?} is {value:?} in the store, and can only be {may:?}");
                self.report(Invariant::Durable, what);
            }
        }
        self.compare_metas(store)
    }

    /// What the store has; `None` where another place looks at it, or where leaving a room has taken it away.
    fn kept(&self, store: &dyn Store, slot: Slot) -> Result<Option<String>, StoreError> {
        let stayed = |room, user| self.place(room, user).is_some_and(|p| p.is_in() && !p.ever_out);
        let yes = |is: bool| YES_NO.get(usize::from(is)).map(|word| (*word).to_owned());
        Ok(match slot {
            Slot::Text(..) => None,
            Slot::Meta(room, kind) => {
                let meta: Option<RoomMeta> = find(store, Shelf::Metas, (room, kind.into()))?;
                Some(meta.map_or_else(String::new, |m| m.content))
            }
            Slot::OwnName(user, room) if stayed(room, user) => {
                let own: OwnSettings = find(store, Shelf::ClientMetas, (user, room))?.unwrap_or_default();
                let name = own.kinds.iter().zip(own.values).find(|(kind, _)| *kind == OWN_NAME);
                Some(name.map_or_else(String::new, |(_, value)| value))
            }
            Slot::Muted(room, user) if stayed(room, user) => {
                let muted = store.room(room)?.and_then(|r| r.member(user).map(|m| m.muted));
                muted.and_then(yes)
            }
            Slot::OwnName(..) | Slot::Muted(..) => None,
            Slot::Reaction(_, log, user) => {
                let reaction: Option<Reaction> = find(store, Shelf::Reactions, (log, user))?;
                Some(reaction.map_or(0, |r| r.kind).to_string())
            }
            Slot::Owner(_) | Slot::PassCode(_) | Slot::Gone(_) | Slot::Kicked(..) => self.kept_of_link(store, slot)?,
            Slot::Block(user, other) => yes(store.get(Shelf::Blocks, (user, other))?.is_some()),
        })
    }

    /// A setting has the highest revision of its room that was acknowledged, or a higher one.
    fn compare_metas(&self, store: &dyn Store) -> Result<(), StoreError> {
        for (id, room) in &self.rooms {
            let Some(acked) = room.metas.iter().map(|(_, revision)| *revision).max() else { continue };
            let mut kept = 0;
            for (_, bytes) in store.range(Shelf::Metas, *id, i64::MIN, usize::MAX)? {
                let meta: RoomMeta = crate::proto::server::store::record(&bytes)?;
                kept = kept.max(meta.revision);
            }
            if kept < acked {
                let what = format!("room {id}: revision {acked} was acknowledged, and the store has {kept}");
                self.report(Invariant::Durable, what);
            }
        }
        Ok(())
    }
}
