//! The world: who and what exists at first start.
//!
//! A world file is YAML; it is read by the module of the judge that reads all YAML, which gives the [`World`] of this
//! one. `spec/world.yaml` is an example, equal to [`World::default_world`].
//!
//! What a world does to a store that is not empty: it adds. Users and rooms that the store has and the world does not
//! name stay; new ones come in; a user whose name, nickname, token or account is another gets the new one; a room that the
//! store has stays as it is, since people may have left it meanwhile.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::proto::server::records::account::{AccountState, STATE};
use crate::proto::server::store::{Effect, Membership, Room, RoomKind, Shelf, Store, StoreError, User, find, put};
use crate::proto::time::Time;

/// Which format a world file is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorldFormat {
    /// The first.
    #[default]
    #[serde(rename = "locospec-world/1")]
    V1,
}

/// Users and rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "world")]
pub struct World {
    /// `locospec-world/1`.
    pub format: WorldFormat,
    /// The people.
    pub users: Vec<WorldUser>,
    /// The rooms, which name people of `users`.
    #[serde(default)]
    pub rooms: Vec<WorldRoom>,
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldUser {
    /// The user id, above 0.
    pub id: i64,
    /// The name by which rooms and commands call the user.
    pub name: String,
    /// What proves that a client is this user.
    pub token: String,
    /// What others see; the name when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// A restricted account cannot log in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restricted: bool,
    /// From this second of Unix time on the token is taken for expired; 0 is never.
    #[serde(default, skip_serializing_if = "is_default")]
    pub token_expires_at: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl WorldUser {
    /// What the store keeps of the account.
    fn account(&self) -> AccountState {
        AccountState { token_expires_at: self.token_expires_at.into(), restricted: self.restricted }
    }
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldRoom {
    /// The room id, above 0.
    pub id: i64,
    /// Two people, or a group.
    pub kind: WorldRoomKind,
    /// The names of its members.
    pub members: Vec<String>,
}

/// The kind of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorldRoomKind {
    /// Exactly two people: `DirectChat`.
    Direct,
    /// A group: `MultiChat`.
    Multi,
}

/// Why a world cannot be: one sentence that names the user or room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldError(pub String);

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "world: {}", self.0)
    }
}

impl std::error::Error for WorldError {}

/// What [`World::seed`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Users that were not there.
    pub users_added: usize,
    /// Users with another name, nickname, token or state of the account than before.
    pub users_changed: usize,
    /// Rooms that were not there.
    pub rooms_added: usize,
}

impl World {
    /// alice 1001, bob 1002, carol 1003 and dave 1004, with the tokens `alice-token` and so on; room 7000 of alice and
    /// bob, room 7001 of them and carol, and none of dave.
    #[must_use]
    pub fn default_world() -> Self {
        let user = |id, name: &str, nick: &str| WorldUser {
            id,
            name: name.to_owned(),
            token: format!("{name}-token"),
            nick_name: Some(nick.to_owned()),
            restricted: false,
            token_expires_at: 0,
        };
        let room = |id, kind, members: &[&str]| WorldRoom {
            id,
            kind,
            members: members.iter().map(|&m| m.to_owned()).collect(),
        };
        Self {
            format: WorldFormat::V1,
            users: vec![
                user(1001, "alice", "Alice"),
                user(1002, "bob", "Bob"),
                user(1003, "carol", "Carol"),
                user(1004, "dave", "Dave"),
            ],
            rooms: vec![
                room(7000, WorldRoomKind::Direct, &["alice", "bob"]),
                room(7001, WorldRoomKind::Multi, &["alice", "bob", "carol"]),
            ],
        }
    }

    /// The user called `name`.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&WorldUser> {
        self.users.iter().find(|u| u.name == name)
    }

    /// Whether this world can be.
    ///
    /// # Errors
    /// The first thing that cannot: an id that is not above 0, an empty name or token, an id, name or token that two
    /// have, a member that nobody is or that is named twice, a direct room without exactly two members.
    pub fn validate(&self) -> Result<(), WorldError> {
        for (i, user) in self.users.iter().enumerate() {
            let WorldUser { id, name, token, .. } = user;
            let others = self.users.get(..i).unwrap_or_default();
            let other = |same: fn(&WorldUser, &WorldUser) -> bool| others.iter().find(|o| same(o, user));
            let wrong = if name.is_empty() {
                Some(format!("user {id} has no name"))
            } else if *id <= 0 {
                Some(format!("user {name}: the id {id} is not above 0"))
            } else if token.is_empty() {
                Some(format!("user {name} has no token"))
            } else if other(|a, b| a.name == b.name).is_some() {
                Some(format!("two users are called {name}"))
            } else if let Some(o) = other(|a, b| a.id == b.id) {
                Some(format!("users {} and {name} have the same id {id}", o.name))
            } else {
                other(|a, b| a.token == b.token).map(|o| format!("users {} and {name} have the same token", o.name))
            };
            wrong.map_or(Ok(()), |why| Err(WorldError(why)))?;
        }
        for (i, room) in self.rooms.iter().enumerate() {
            self.validate_room(room, self.rooms.get(..i).unwrap_or_default())?;
        }
        Ok(())
    }

    fn validate_room(&self, room: &WorldRoom, others: &[WorldRoom]) -> Result<(), WorldError> {
        let WorldRoom { id, kind, members } = room;
        let unknown = members.iter().find(|m| self.user(m).is_none());
        let twice = members.iter().enumerate().find(|(i, m)| members.iter().take(*i).any(|o| o == *m));
        let wrong = if *id <= 0 {
            Some(format!("room {id}: the id is not above 0"))
        } else if others.iter().any(|o| o.id == *id) {
            Some(format!("two rooms have the id {id}"))
        } else if let Some(name) = unknown {
            Some(format!("room {id}: no user is called {name}"))
        } else if let Some((_, name)) = twice {
            Some(format!("room {id}: {name} is a member twice"))
        } else if *kind == WorldRoomKind::Direct && members.len() != 2 {
            Some(format!("room {id}: a direct room has two members, this one has {}", members.len()))
        } else {
            members.is_empty().then(|| format!("room {id} has no members"))
        };
        wrong.map_or(Ok(()), |why| Err(WorldError(why)))
    }

    /// Adds this world to a store: see the module for what stays. `now` is when rooms are made and joined. A world
    /// that the store has already changes nothing, so that nothing needs to be committed.
    ///
    /// # Errors
    /// The world cannot be, in itself or in this store (a token that another user of the store has); or the store
    /// failed. The unit must be dropped then.
    pub fn seed(&self, unit: &mut impl Store, now: Time) -> Result<Seeded, StoreError> {
        self.validate().map_err(|e| StoreError(e.to_string()))?;
        let now = u32::try_from(now.unix_secs()).unwrap_or(u32::MAX);
        let mut done = Seeded::default();
        for world in &self.users {
            let user = User {
                id: world.id,
                name: world.name.clone(),
                nick_name: world.nick_name.clone().unwrap_or_else(|| world.name.clone()),
                token: world.token.clone(),
            };
            let (account, key) = (world.account(), (world.id, STATE));
            let same = find::<AccountState>(unit, Shelf::Accounts, key)?.unwrap_or_default() == account;
            if !same {
                unit.apply(&put(Shelf::Accounts, key, &account))?;
            }
            match unit.user(user.id)? {
                Some(known) if known == user && same => continue,
                Some(known) if known == user => {
                    done.users_changed += 1;
                    continue;
                }
                Some(_) => done.users_changed += 1,
                None => done.users_added += 1,
            }
            unit.apply(&Effect::PutUser(user))?;
        }
        for room in &self.rooms {
            if unit.room(room.id)?.is_none() {
                unit.apply(&Effect::CreateRoom(self.room(room, now)))?;
                done.rooms_added += 1;
            }
        }
        Ok(done)
    }

    fn room(&self, room: &WorldRoom, now: u32) -> Room {
        let ids = room.members.iter().filter_map(|name| self.user(name)).map(|u| u.id);
        let mut members: Vec<Membership> =
            ids.map(|user_id| Membership { user_id, joined_at: now, watermark: 0, muted: false }).collect();
        members.sort_by_key(|m| m.user_id);
        let kind = match room.kind {
            WorldRoomKind::Direct => RoomKind::Direct,
            WorldRoomKind::Multi => RoomKind::Multi,
        };
        Room { id: room.id, kind, members, last_log_id: 0, updated_at: now, link_id: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    const NOW: Time = Time::from_secs(1_700_000_000);

    fn broken(change: impl FnOnce(&mut World)) -> String {
        let mut world = World::default_world();
        change(&mut world);
        world.validate().map_or_else(|e| e.to_string(), |()| "valid".to_owned())
    }

    #[test]
    fn the_default_world_is_valid_and_survives_serde() -> Result<(), Box<dyn std::error::Error>> {
        let world = World::default_world();
        world.validate()?;
        let text = serde_json::to_string(&world)?;
        assert_eq!(serde_json::from_str::<World>(&text)?, world);
        let unknown = text.replacen("\"token\"", "\"tokn\"", 1);
        assert!(serde_json::from_str::<World>(&unknown).is_err_and(|e| e.to_string().contains("tokn")));
        let other = text.replacen("locospec-world/1", "locospec-world/2", 1);
        assert!(serde_json::from_str::<World>(&other).is_err_and(|e| e.to_string().contains("locospec-world/1")));
        Ok(())
    }

    #[test]
    fn the_example_file_is_the_default_world() -> Result<(), Box<dyn std::error::Error>> {
        let text = include_str!("../../spec/world.yaml");
        let read = crate::spec::yaml::parse::<World>("spec/world.yaml", text).map_err(|e| e.to_string())?;
        assert_eq!(read.value, World::default_world());
        let bad = text.replacen("token: bob-token", "tokn: bob-token", 1);
        let wrong = crate::spec::yaml::parse::<World>("spec/world.yaml", &bad).err().ok_or("accepted")?;
        assert!(wrong.to_string().starts_with("spec/world.yaml:6:"), "{wrong}");
        Ok(())
    }

    #[test]
    fn a_world_that_cannot_be_says_why() {
        assert_eq!(broken(|w| w.users[0].id = 0), "world: user alice: the id 0 is not above 0");
        assert_eq!(broken(|w| w.users[1].id = 1001), "world: users alice and bob have the same id 1001");
        assert_eq!(broken(|w| w.users[1].name = "alice".into()), "world: two users are called alice");
        assert_eq!(broken(|w| w.users[2].token = "bob-token".into()), "world: users bob and carol have the same token");
        assert_eq!(broken(|w| w.users[2].token.clear()), "world: user carol has no token");
        assert_eq!(broken(|w| w.users[2].name.clear()), "world: user 1003 has no name");
        assert_eq!(broken(|w| w.rooms[0].id = -7), "world: room -7: the id is not above 0");
        assert_eq!(broken(|w| w.rooms[1].id = 7000), "world: two rooms have the id 7000");
        assert_eq!(broken(|w| w.rooms[1].members[0] = "erin".into()), "world: room 7001: no user is called erin");
        assert_eq!(broken(|w| w.rooms[1].members[0] = "bob".into()), "world: room 7001: bob is a member twice");
        let third = "world: room 7000: a direct room has two members, this one has 3";
        assert_eq!(broken(|w| w.rooms[0].members.push("carol".into())), third);
        assert_eq!(broken(|w| w.rooms[1].members.clear()), "world: room 7001 has no members");
    }

    #[test]
    fn seeding_twice_changes_nothing_the_second_time() -> Result<(), Box<dyn std::error::Error>> {
        let mut db = Database::in_memory()?;
        let world = World::default_world();
        let mut unit = db.begin()?;
        assert!(unit.is_empty()?);
        assert_eq!(world.seed(&mut unit, NOW)?, Seeded { users_added: 4, users_changed: 0, rooms_added: 2 });
        unit.commit()?;
        let mut unit = db.begin()?;
        assert_eq!(world.seed(&mut unit, NOW)?, Seeded::default());
        assert!(!unit.is_dirty() && !unit.is_empty()?);
        let room = unit.room(7001)?.ok_or("no room 7001")?;
        assert_eq!(room.members.iter().map(|m| m.user_id).collect::<Vec<_>>(), [1001, 1002, 1003]);
        assert_eq!((room.kind, room.updated_at), (RoomKind::Multi, 1_700_000_000));
        assert_eq!(unit.user_by_token("bob-token")?.map(|u| u.nick_name), Some("Bob".to_owned()));
        Ok(())
    }

    #[test]
    fn another_world_adds_and_updates_and_takes_nothing_away() -> Result<(), Box<dyn std::error::Error>> {
        let mut db = Database::in_memory()?;
        let mut unit = db.begin()?;
        World::default_world().seed(&mut unit, NOW)?;
        unit.apply(&Effect::RemoveMember { chat_id: 7001, user_id: 1003 })?;
        unit.commit()?;

        let mut other = World::default_world();
        other.users.remove(1);
        other.users[0].token = "new-token".to_owned();
        other.users.push(WorldUser { id: 1005, name: "erin".into(), token: "e".into(), ..WorldUser::default() });
        other.rooms = vec![
            WorldRoom { id: 7001, kind: WorldRoomKind::Multi, members: vec!["carol".into()] },
            WorldRoom { id: 7002, kind: WorldRoomKind::Direct, members: vec!["erin".into(), "alice".into()] },
        ];
        let mut unit = db.begin()?;
        assert_eq!(other.seed(&mut unit, NOW)?, Seeded { users_added: 1, users_changed: 1, rooms_added: 1 });
        unit.commit()?;

        let unit = db.begin()?;
        assert_eq!(unit.user_by_token("alice-token")?, None);
        assert_eq!(unit.user_by_token("new-token")?.map(|u| u.id), Some(1001));
        assert_eq!(unit.user_by_token("bob-token")?.map(|u| u.id), Some(1002), "bob stays");
        assert_eq!(unit.user_by_token("e")?.map(|u| u.nick_name), Some("erin".to_owned()));
        assert_eq!(unit.rooms_of(1003)?, Vec::<i64>::new(), "who left stays away");
        assert_eq!(unit.rooms_of(1001)?, [7000, 7001, 7002]);
        Ok(())
    }

    #[test]
    fn a_token_of_another_user_of_the_store_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let mut db = Database::in_memory()?;
        let mut unit = db.begin()?;
        World::default_world().seed(&mut unit, NOW)?;
        unit.commit()?;
        let mut world = World::default_world();
        world.users[0].id = 1009;
        let refused = world.seed(&mut db.begin()?, NOW);
        assert!(refused.is_err_and(|e| e.0.contains("the token of user 1009 is that of user 1001 already")));
        Ok(())
    }
}
