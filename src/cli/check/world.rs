//! The world that a case wants, as JSON for a hook that makes it.

use serde_json::{Value, json};

use crate::spec::format::Case;
use crate::store::World;
use crate::store::world::WorldRoomKind;

/// Users with their tokens and the state of their accounts, rooms with their members, settings of the server.
#[must_use]
pub fn world_json(case: &Case) -> String {
    let world = World::default_world();
    let user = |u: &crate::store::world::WorldUser| {
        let wanted = case.world.users.get(&u.name);
        json!({
            "id": u.id, "name": u.name, "token": u.token,
            "restricted": wanted.is_some_and(|w| w.restricted),
            "token_expires_at": wanted.map_or(0, |w| w.token_expires_at),
        })
    };
    let room = |r: &crate::store::world::WorldRoom| {
        let kind = match r.kind {
            WorldRoomKind::Direct => "direct",
            WorldRoomKind::Multi => "multi",
        };
        json!({"id": r.id, "kind": kind, "members": r.members})
    };
    let users: Vec<Value> = world.users.iter().map(user).collect();
    let rooms: Vec<Value> = world.rooms.iter().map(room).collect();
    let settings = json!({
        "min_version": case.settings.min_version, "rooms_per_page": case.settings.rooms_per_page,
    });
    json!({"users": users, "rooms": rooms, "settings": settings}).to_string()
}
