//! Who is in the world at the start: users, rooms, and the disk on which they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{ROOM_BASE, USER_BASE};
use crate::proto::entropy::Entropy;
use crate::sim::clock::EPOCH;
use crate::sim::disk::SimDisk;
use crate::sim::scenario::Scenario;
use crate::store::world::{WorldFormat, WorldRoom, WorldRoomKind, WorldUser};
use crate::store::{self, Database};

/// Among more users than this, a room is a few of them and not half of all.
const MANY: u32 = 60;
/// The most members of such a room.
const CROWD: u64 = 20;

/// Users and rooms of a scenario, drawn from its seed.
pub(super) fn population(scenario: &Scenario) -> store::World {
    let mut e = Entropy::named(scenario.seed, "population");
    let name = |n: u32| format!("u{n}");
    let users = (1..=scenario.world.users)
        .map(|n| WorldUser {
            id: USER_BASE + i64::from(n),
            name: name(n),
            token: format!("u{n}-token"),
            nick_name: None,
            ..WorldUser::default()
        })
        .collect();
    let all = scenario.world.users;
    let room = |n: u32| {
        // The first room has everybody, so that nobody is without one.
        let mut in_room: Vec<u32> = match n {
            0 => (1..=all).collect(),
            _ if all > MANY => {
                (0..e.range(2, CROWD)).filter_map(|_| u32::try_from(e.range(1, all.into())).ok()).collect()
            }
            _ => (1..=all).filter(|_| e.chance(1, 2)).collect(),
        };
        in_room.sort_unstable();
        in_room.dedup();
        if in_room.len() < 2 {
            in_room = vec![1, 2];
        }
        let kind = if in_room.len() == 2 { WorldRoomKind::Direct } else { WorldRoomKind::Multi };
        WorldRoom { id: ROOM_BASE + i64::from(n), kind, members: in_room.into_iter().map(name).collect() }
    };
    store::World { format: WorldFormat::V1, users, rooms: (0..scenario.world.rooms).map(room).collect() }
}

pub(super) fn members(population: &store::World) -> BTreeMap<i64, BTreeSet<i64>> {
    let id = |name: &String| population.user(name).map(|u| u.id);
    population.rooms.iter().map(|r| (r.id, r.members.iter().filter_map(id).collect())).collect()
}

/// A disk with the world on it, as a server that ran before has left it.
pub(super) fn first_disk(population: &store::World) -> Result<SimDisk, String> {
    let disk = SimDisk::new();
    let mut db = Database::on(disk.clone()).map_err(|e| e.to_string())?;
    let mut unit = db.begin().map_err(|e| e.to_string())?;
    population.seed(&mut unit, EPOCH).map_err(|e| e.to_string())?;
    unit.commit().map_err(|e| e.to_string())?;
    drop(db);
    Ok(disk)
}
