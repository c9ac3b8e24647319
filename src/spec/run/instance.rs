//! The instances of a case (one for each era and each combination of `vary`), and the names that steps may use.

use bson::Bson;

use crate::proto::secure::Era;
use crate::spec::format::Case;
use crate::spec::format::case::{Device, RoomKind};
use crate::spec::lit::Lit;
use crate::spec::value::{ValueError, Vars, to_bson};
use crate::store::World;
use crate::store::world::WorldRoomKind;

/// The most instances that one case may have.
const INSTANCES_MAX: usize = 2000;

/// One instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// `frame.id-echo[2019,id=1]`.
    pub id: String,
    /// Its era.
    pub era: Era,
    /// The values of `vary`.
    pub vary: Vec<(String, Bson)>,
}

/// All instances, eras outermost, in the order of the file.
///
/// # Errors
/// A value that is none, or too many of them.
pub fn instances(case: &Case) -> Result<Vec<Instance>, ValueError> {
    let mut combos: Vec<(String, Vec<(String, Bson)>)> = vec![(String::new(), Vec::new())];
    for (name, values) in &case.vary {
        let mut next = Vec::new();
        for (text, had) in &combos {
            for (n, lit) in values.iter().enumerate() {
                let value = to_bson(lit, &Vars::default(), &format!("vary.{name}[{n}]"))?;
                let mut with = had.clone();
                with.push((name.clone(), value));
                next.push((format!("{text},{name}={}", shown(lit, n)), with));
            }
        }
        combos = next;
    }
    let mut out = Vec::new();
    for era in &case.eras.0 {
        for (text, vary) in &combos {
            out.push(Instance { id: format!("{}[{era}{text}]", case.case), era: *era, vary: vary.clone() });
        }
    }
    if out.len() > INSTANCES_MAX {
        let what = format!("{} instances are more than {INSTANCES_MAX}", out.len());
        return Err(ValueError { path: "vary".into(), what });
    }
    Ok(out)
}

/// A value in an instance's name: itself when it is short and plain, else its number.
fn shown(lit: &Lit, n: usize) -> String {
    let text = lit.to_string();
    let plain = text.len() <= 24 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    if plain && !text.is_empty() && !matches!(lit, Lit::Seq(_) | Lit::Map(_)) { text } else { format!("#{}", n + 1) }
}

/// Everything that a step may name before anything has happened.
///
/// # Errors
/// A room or user that the world does not have.
pub fn names(case: &Case, i: &Instance, nonce_seed: u64) -> Result<Vars, ValueError> {
    let world = World::default_world();
    let mut v = Vars::default();
    v.set("case.nonce", nonce(&i.id, nonce_seed));
    for (name, value) in &i.vary {
        if let Bson::Array(items) = value {
            for (n, item) in items.iter().enumerate() {
                v.set(format!("vary.{name}[{n}]"), item.clone());
            }
        }
        v.set(format!("vary.{name}"), value.clone());
    }
    for u in &world.users {
        v.set(format!("{}.id", u.name), u.id);
        v.set(format!("{}.token", u.name), u.token.clone());
    }
    for name in case.world.users.keys() {
        if world.user(name).is_none() {
            return Err(missing(format!("users.{name}"), "the world has no such user"));
        }
    }
    v.set("room.id", room_id(&world, RoomKind::Direct, &["alice", "bob"])?);
    v.set("hall.id", room_id(&world, RoomKind::Multi, &["alice", "bob", "carol"])?);
    for (name, room) in &case.world.rooms {
        let members: Vec<&str> = room.members.iter().map(String::as_str).collect();
        v.set(format!("{name}.id"), room_id(&world, room.kind, &members)?);
    }
    Ok(v)
}

/// The names of the connection that a step is on; none of them for a connection of nobody.
pub fn own_names(v: &mut Vars, case: &Case, conn: &str, era: Era) {
    let def = case.connections.get(conn);
    let device = def.map(|c| c.device).unwrap_or_default();
    set_own_names(v, def.and_then(|c| c.user.as_deref()), device, era);
}

/// Makes `self` this user on this device.
pub fn set_own_names(v: &mut Vars, user: Option<&str>, device: Device, era: Era) {
    for part in ["id", "token", "duuid", "dtype", "os"] {
        v.forget(&format!("self.{part}"));
    }
    let Some(user) = user else { return };
    for part in ["id", "token"] {
        if let Some(b) = v.get(&format!("{user}.{part}")).cloned() {
            v.set(format!("self.{part}"), b);
        }
    }
    let (device, dtype, os) = match device {
        Device::Phone => ("phone", 1, "android"),
        Device::Pc => ("pc", 2, "win32"),
    };
    v.set("self.duuid", format!("{user}-{device}-{era}"));
    v.set("self.dtype", dtype);
    v.set("self.os", os);
}

fn room_id(world: &World, kind: RoomKind, members: &[&str]) -> Result<i64, ValueError> {
    let kind = match kind {
        RoomKind::Direct => WorldRoomKind::Direct,
        RoomKind::Multi => WorldRoomKind::Multi,
    };
    let same = |r: &&crate::store::world::WorldRoom| {
        r.kind == kind && r.members.len() == members.len() && members.iter().all(|m| r.members.iter().any(|x| x == m))
    };
    let found = world.rooms.iter().find(same);
    found.map(|r| r.id).ok_or_else(|| missing("rooms".into(), "the world has no room of this kind with these members"))
}

fn missing(path: String, what: &str) -> ValueError {
    ValueError { path: format!("world.{path}"), what: what.into() }
}

/// A short text that differs from instance to instance and from seed to seed, always the same for both.
fn nonce(id: &str, seed: u64) -> String {
    let n = crate::proto::entropy::Entropy::named(seed, id).u64();
    format!("n{:08x}", n >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(head: &str) -> Case {
        let text = format!(
            "format: locospec-case/1\ncase: a.b\ntitle: t\nwhy: w\nrole: server\nproves: []\n{head}\nsteps: []\n"
        );
        match crate::spec::yaml::parse::<Case>("t", &text) {
            Ok(c) => c.value,
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn every_era_gets_every_combination() {
        let c = case("eras: [\"2012\", \"2025\"]\nvary: {a: [1, [2, 3]], b: [x, z]}");
        let ids = instances(&c).map(|v| v.into_iter().map(|i| i.id).collect::<Vec<_>>());
        let want = [
            "a.b[2012,a=1,b=x]",
            "a.b[2012,a=1,b=z]",
            "a.b[2012,a=#2,b=x]",
            "a.b[2012,a=#2,b=z]",
            "a.b[2025,a=1,b=x]",
            "a.b[2025,a=1,b=z]",
            "a.b[2025,a=#2,b=x]",
            "a.b[2025,a=#2,b=z]",
        ];
        assert_eq!(ids, Ok(want.iter().map(|s| (*s).to_string()).collect()));
    }

    #[test]
    fn the_world_gives_names_to_steps() {
        let c = case(
            "world: {rooms: {pair: {kind: direct, members: [bob, alice]}}}\nconnections: {a: {user: bob, device: pc}}",
        );
        let i =
            Instance { id: "x".into(), era: Era::E2025, vary: vec![("r".into(), Bson::Array(vec![Bson::Int32(4)]))] };
        let Ok(mut v) = names(&c, &i, 0) else { panic!("no names") };
        own_names(&mut v, &c, "a", i.era);
        assert_eq!(v.get("pair.id"), Some(&Bson::Int64(7000)));
        assert_eq!(v.get("self.id"), Some(&Bson::Int64(1002)));
        assert_eq!(v.get("self.dtype"), Some(&Bson::Int32(2)));
        assert_eq!(v.get("vary.r[0]"), Some(&Bson::Int32(4)));
        let absent = case("world: {rooms: {none: {kind: direct, members: [alice, carol]}}}");
        assert!(names(&absent, &i, 0).is_err());
    }
}
