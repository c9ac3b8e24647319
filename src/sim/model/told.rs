//! What the other devices of a user learn of what he does on one of them: that he has left a room, whom he blocks. It is
//! asked for when everything is mended: a device that was away has logged in since. Devices of 2012 have no pushes for
//! these, and are not asked.

use super::operations::{Slot, YES_NO};
use super::places::Place;
use super::{Device, Model};
use crate::proto::client::read_body;
use crate::proto::command::blsync;

impl Model {
    /// BLSYNC: the whole list, or what has changed of it.
    pub(super) fn blocks_told(&mut self, device: usize, body: &[u8]) {
        let (Ok(push), Some(d)) = (read_body::<blsync::Push>(body), self.devices.get_mut(device)) else { return };
        if push.full == Some(true) {
            d.blocks.clear();
        }
        d.blocks.extend(push.ids.into_iter().flatten());
        for id in push.removed_ids.into_iter().flatten() {
            d.blocks.remove(&id);
        }
    }

    /// The device's own request to block somebody, or to do so no more, was granted.
    pub(super) fn has_blocked(&mut self, device: usize, other: i64, blocked: bool) {
        if let Some(d) = self.devices.get_mut(device) {
            if blocked {
                d.blocks.insert(other);
            } else {
                d.blocks.remove(&other);
            }
        }
    }

    /// What a device has not been told of its own user.
    pub(super) fn untold(&self, d: &Device) -> Option<String> {
        if d.old {
            return None;
        }
        let is_out = |room: &i64| self.place(*room, d.user).is_some_and(Place::is_out);
        let unaware = d.rooms.keys().find(|room| !d.left.contains(room) && is_out(room));
        if let Some(room) = unaware {
            return Some(format!("{} has not been told that it is out of room {room}", d.label));
        }
        let now = self.clock.now();
        let slots = Slot::Block(d.user, i64::MIN)..=Slot::Block(d.user, i64::MAX);
        self.registers.range(slots).find_map(|(slot, register)| {
            let Slot::Block(_, other) = slot else { return None };
            let told = YES_NO.get(usize::from(d.blocks.contains(other))).copied().unwrap_or_default();
            let wrong = !register.may_be(told, now, now);
            wrong.then(|| format!("{} thinks that it blocks user {other}: {told}, and it is otherwise", d.label))
        })
    }
}
