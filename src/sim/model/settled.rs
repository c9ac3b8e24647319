//! Whether all devices have all of their rooms. It is asked after every step once everything is mended, so it counts and
//! compares no texts: those were looked at when they came.

use super::places::Place;
use super::{Device, End, Model, Room};

impl Model {
    /// Why not everything is well yet; `None` when it is.
    #[must_use]
    pub fn unsettled(&self) -> Option<String> {
        if let Some(d) = self.devices.iter().find(|d| d.online.is_none()) {
            return Some(format!("{} is not logged in", d.label));
        }
        if let Some(d) = self.devices.iter().find(|d| d.unended > 0) {
            let open = d.tickets.iter().find(|(_, t)| t.end == End::Open);
            let (ticket, room) = open.map_or((0, 0), |(n, t)| (*n, t.room));
            return Some(format!("{}: message {ticket} to room {room} has not ended", d.label));
        }
        if let Some(((device, _), op)) = self.ops.iter().next() {
            let who = self.devices.get(*device).map_or("", |d| &*d.label);
            return Some(format!("{who}: a request ({:?}) has not ended", op.what));
        }
        if let Some(((device, _), op)) = self.carried.iter().next() {
            let who = self.devices.get(*device).map_or("", |d| &*d.label);
            return Some(format!("{who}: a file is still on its way ({:?})", op.what));
        }
        self.devices.iter().find_map(|d| self.lacks(d).or_else(|| self.untold(d)))
    }

    /// What a device does not have yet.
    fn lacks(&self, d: &Device) -> Option<String> {
        for id in self.rooms_of.get(&d.user).into_iter().flatten() {
            let Some(room) = self.rooms.get(id) else { continue };
            if !room.places.get(&d.user).is_some_and(Place::is_in) {
                continue;
            }
            let since = room.since.get(&d.user).copied().unwrap_or_default();
            let all = room.known.len() - room.known.partition_point(|log| *log < since);
            let seen = d.rooms.get(id).map_or(&[][..], Vec::as_slice);
            let has = seen.len() - seen.partition_point(|(log, _)| *log < since);
            let last = seen.last().map(|(log, _)| *log);
            if has != all || (all > 0 && last != room.known.last().copied()) {
                return Some(format!("room {id}: {} has {has} of {all} messages", d.label));
            }
        }
        None
    }

    /// Whether somebody may or may not be in a room. Nobody waits for the messages of such a room, so a device may sit on
    /// a dead connection and all may still look well.
    #[must_use]
    pub fn is_leave_in_doubt(&self) -> bool {
        let doubt = |r: &Room| r.places.values().any(|p| !p.is_in() && !p.is_out());
        self.rooms.values().any(doubt)
    }
}
