//! The store by its promises: what is kept, and what is refused. Opening is in `open_tests`.

use super::*;
use crate::proto::server::store::{Effect, Log, Membership, Room, RoomKind, Store, User};
use crate::proto::time::Time;
use crate::sim::disk::SimDisk;

pub(super) type Outcome = Result<(), Box<dyn std::error::Error>>;

const NOW: Time = Time::from_secs(1_700_000_000);
pub(super) const ROOM: i64 = 7001;

pub(super) fn seeded(mut db: Database) -> Result<Database, StoreError> {
    let mut unit = db.begin()?;
    World::default_world().seed(&mut unit, NOW)?;
    unit.commit()?;
    Ok(db)
}

fn in_memory() -> Result<Database, Box<dyn std::error::Error>> {
    Ok(seeded(Database::in_memory()?)?)
}

pub(super) fn append(log_id: i64, prev_id: i64) -> Effect {
    let message = Some(format!("log {log_id}"));
    let (author_id, send_at) = (1001, 5);
    Effect::AppendLog(Log { chat_id: ROOM, log_id, prev_id, kind: 1, author_id, message, send_at, ..Log::default() })
}

fn watermark(user_id: i64, log_id: i64) -> Effect {
    Effect::SetWatermark { chat_id: ROOM, user_id, log_id }
}

pub(super) fn ids(logs: &[Log]) -> Vec<i64> {
    logs.iter().map(|l| l.log_id).collect()
}

/// A store of some size on a disk that can be damaged.
pub(super) fn full_disk() -> Result<SimDisk, Box<dyn std::error::Error>> {
    let disk = SimDisk::new();
    let mut db = seeded(Database::on(disk.clone())?)?;
    for i in 1..=40 {
        let mut unit = db.begin()?;
        unit.apply(&append(i, i - 1))?;
        unit.commit()?;
    }
    drop(db);
    Ok(disk)
}

#[test]
fn reads_of_a_unit_see_what_was_applied_to_it() -> Outcome {
    let mut db = in_memory()?;
    let mut unit = db.begin()?;
    assert!(!unit.is_dirty());
    unit.apply(&append(10, 0))?;
    unit.apply(&append(20, 10))?;
    unit.apply(&watermark(1002, 20))?;
    unit.apply(&Effect::RemoveMember { chat_id: ROOM, user_id: 1003 })?;
    assert!(unit.is_dirty());
    let room = unit.room(ROOM)?.ok_or("no room")?;
    assert_eq!(room.last_log_id, 20);
    assert_eq!(room.updated_at, 1_700_000_000, "an older log does not turn it back");
    assert_eq!(room.members.iter().map(|m| (m.user_id, m.watermark)).collect::<Vec<_>>(), [(1001, 0), (1002, 20)]);
    assert_eq!(unit.rooms_of(1003)?, Vec::<i64>::new());
    assert_eq!(unit.log(ROOM, 20)?.map(|l| l.prev_id), Some(10));
    Ok(())
}

#[test]
fn an_aborted_or_dropped_unit_leaves_no_trace() -> Outcome {
    let mut db = in_memory()?;
    let mut unit = db.begin()?;
    unit.apply(&append(10, 0))?;
    unit.abort()?;
    let mut unit = db.begin()?;
    unit.apply(&append(11, 0))?;
    drop(unit);
    let unit = db.begin()?;
    assert_eq!(unit.count_unread(ROOM, 0, 0, 9)?, 0);
    assert_eq!(unit.room(ROOM)?.map(|r| r.last_log_id), Some(0));
    unit.abort()?;
    Ok(())
}

#[test]
fn logs_come_by_range_and_only_of_their_room() -> Outcome {
    let mut db = in_memory()?;
    let mut unit = db.begin()?;
    for i in 1..=9 {
        unit.apply(&append(i * 10, i * 10 - 10))?;
    }
    unit.apply(&Effect::AppendLog(Log { chat_id: 7000, log_id: 35, ..Log::default() }))?;
    unit.commit()?;
    let unit = db.begin()?;
    assert_eq!(ids(&unit.logs(ROOM, 20, 50, 9)?), [30, 40, 50]);
    assert_eq!(ids(&unit.logs(ROOM, 0, i64::MAX, 2)?), [10, 20]);
    assert_eq!(ids(&unit.logs(ROOM, i64::MIN, i64::MAX, 99)?).len(), 9);
    for (after, up_to) in [(i64::MAX, i64::MAX), (50, 20), (50, 50), (i64::MAX, i64::MIN), (90, i64::MAX)] {
        assert!(unit.logs(ROOM, after, up_to, 9)?.is_empty(), "{after}..={up_to}");
    }
    assert_eq!(unit.count_unread(ROOM, 40, 1002, 99)?, 5);
    assert_eq!(unit.count_unread(ROOM, 40, 1001, 99)?, 0, "nobody has unread messages of his own");
    assert_eq!(unit.count_unread(ROOM, 40, 1002, 3)?, 3);
    assert_eq!(unit.count_unread(ROOM, i64::MAX, 0, 3)?, 0);
    assert_eq!((unit.log(ROOM, 35)?, unit.log(1, 35)?), (None, None));
    assert_eq!((unit.room(1)?, unit.user(1)?, unit.user_by_token("x")?), (None, None, None));
    Ok(())
}

#[test]
fn a_watermark_rises_only() -> Outcome {
    let mut db = in_memory()?;
    let mut unit = db.begin()?;
    unit.apply(&append(10, 0))?;
    unit.apply(&append(20, 10))?;
    for (mark, want) in [(10, 10), (20, 20), (10, 20), (-1, 20), (i64::MIN, 20)] {
        unit.apply(&watermark(1001, mark))?;
        let room = unit.room(ROOM)?.ok_or("no room")?;
        assert_eq!(room.member(1001).map(|m| m.watermark), Some(want), "after {mark}");
    }
    Ok(())
}

#[test]
fn what_must_never_be_stored_is_refused() -> Outcome {
    let member = |user_id| Membership { user_id, joined_at: 1, watermark: 0, muted: false };
    let room = |id, kind, users: &[i64]| Room {
        id,
        kind,
        members: users.iter().map(|&u| member(u)).collect(),
        last_log_id: 0,
        updated_at: 1,
        link_id: 0,
    };
    let multi = |id, users: &[i64]| Effect::CreateRoom(room(id, RoomKind::Multi, users));
    let old = Room { last_log_id: 5, ..room(9, RoomKind::Multi, &[1001]) };
    let user = |id, token: &str| User { id, name: "x".into(), nick_name: "X".into(), token: token.into() };
    let cases = [
        (append(10, 10), "room 7001: log 10 after 10, but 10 is the last"),
        (append(9, 10), "room 7001: log 9 after 10, but 10 is the last"),
        (append(20, 0), "room 7001: log 20 after 0, but 10 is the last"),
        (Effect::AppendLog(Log { chat_id: 1, log_id: 1, ..Log::default() }), "there is no room 1"),
        (watermark(1001, 11), "room 7001: watermark 11 is past the last log 10"),
        (watermark(9, 1), "user 9 is no member of room 7001"),
        (Effect::SetWatermark { chat_id: 1, user_id: 1001, log_id: 1 }, "there is no room 1"),
        (Effect::RemoveMember { chat_id: ROOM, user_id: 9 }, "user 9 is no member of room 7001"),
        (Effect::RemoveMember { chat_id: 1, user_id: 1001 }, "there is no room 1"),
        (multi(9, &[1001, 55]), "room 9 cannot be made: there is no user 55"),
        (multi(9, &[1001, 1001]), "room 9 cannot be made: a member is named twice"),
        (multi(ROOM, &[1001]), "room 7001 cannot be made: it is there already"),
        (multi(0, &[1001]), "room 0 cannot be made: its id is not above 0"),
        (Effect::CreateRoom(old), "room 9 cannot be made: a new room has no logs and no watermarks"),
        (
            Effect::CreateRoom(room(9, RoomKind::Direct, &[1001])),
            "room 9 cannot be made: a direct room has two members, not 1",
        ),
        (Effect::PutUser(user(0, "t")), "user 0 needs an id above 0 and a token"),
        (Effect::PutUser(user(4, "")), "user 4 needs an id above 0 and a token"),
        (Effect::PutUser(user(4, "bob-token")), "the token of user 4 is that of user 1002 already"),
    ];
    let mut db = in_memory()?;
    let mut unit = db.begin()?;
    unit.apply(&append(10, 0))?;
    unit.commit()?;
    for (effect, why) in cases {
        let mut unit = db.begin()?;
        let got = unit.apply(&effect);
        assert_eq!(got, Err(StoreError(format!("refused: {why}"))), "{effect:?}");
        assert!(!unit.is_dirty());
    }
    Ok(())
}

#[test]
fn a_failed_commit_ends_the_store_and_opening_anew_recovers() -> Outcome {
    let disk = full_disk()?;
    for fault in [SimDisk::fail_write as fn(&SimDisk, u64), SimDisk::fail_sync] {
        let disk = disk.revive();
        let mut db = Database::on(disk.clone())?;
        let mut unit = db.begin()?;
        unit.apply(&append(41, 40))?;
        fault(&disk, 1);
        let failed = unit.commit();
        assert!(failed.is_err_and(|e| e.0.contains("simulated input/output error")));
        assert!(db.begin().is_err_and(|e| e.0.contains("must be opened anew")));
        disk.kill();
        drop(db);
        let mut db = Database::on(disk.revive())?;
        let found = ids(&db.begin()?.logs(ROOM, 0, i64::MAX, 99)?).len();
        assert!(found == 40 || found == 41);
    }
    Ok(())
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() -> Outcome {
    let disk = full_disk()?;
    disk.set_capacity(redb::StorageBackend::len(&disk)?);
    let disk = disk.revive();
    let mut db = Database::on(disk.clone())?;
    let mut last = 40;
    let full = loop {
        let mut unit = db.begin()?;
        let big =
            Log { chat_id: ROOM, log_id: last + 1, prev_id: last, message: Some("x".repeat(90_000)), ..Log::default() };
        match unit.apply(&Effect::AppendLog(big)).and_then(|()| unit.commit()) {
            Ok(()) => last += 1,
            Err(e) => break e,
        }
    };
    assert!(full.0.contains("no space left"), "{full}");
    disk.kill();
    drop(db);
    let mut db = Database::on(disk.revive())?;
    assert_eq!(ids(&db.begin()?.logs(ROOM, 0, i64::MAX, 999)?), (1..=last).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_unit_that_only_reads_writes_nothing() -> Outcome {
    let disk = full_disk()?.revive();
    let mut db = Database::on(disk.clone())?;
    let before = disk.ops();
    for _ in 0..50 {
        let unit = db.begin()?;
        assert!(unit.user_by_token("alice-token")?.is_some() && unit.room(ROOM)?.is_some());
        unit.commit()?;
    }
    assert_eq!(disk.ops(), before);
    Ok(())
}
