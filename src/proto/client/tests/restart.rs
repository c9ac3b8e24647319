//! A client that dies and comes back: wherever it happens, it goes on as after a disconnect.

use super::fake::{ALICE, BOB, ROOM, Rig, config};
use super::samples::log;
use crate::proto::client::{Action, Client, Event, Memory, MemoryError};
use crate::proto::command::{loginlist, write};
use crate::proto::entropy::Entropy;
use crate::proto::secure::Era;

/// Dies, comes back with what it remembers, and logs in again.
fn restart(rig: &mut Rig, rooms: &[(i64, i64)]) {
    let bytes = rig.client.remember().to_bytes();
    let memory = Memory::from_bytes(&bytes).expect("its own bytes");
    let config = rig.client.config().clone();
    rig.client = Client::resume(config, Entropy::named(2, "client"), memory).expect("its own memory");
    assert_eq!(rig.client.remember().to_bytes(), bytes, "nothing is forgotten and nothing is added");
    rig.requests.clear();
    rig.connects.clear();
    rig.log_in(rooms);
}

fn sent(rig: &mut Rig) -> Vec<(u64, i64)> {
    let only = |e| if let Event::Sent { ticket, log_id, .. } = e { Some((ticket, log_id)) } else { None };
    rig.events().into_iter().filter_map(only).collect()
}

#[test]
fn before_it_is_sent_a_message_waits() {
    for era in Era::ALL {
        let mut rig = Rig::new(era);
        rig.send(7, "early");
        restart(&mut rig, &[(ROOM, 0)]);
        let r = rig.expect("WRITE");
        rig.written(&r, 10, 0);
        assert_eq!(sent(&mut rig), [(7, 10)], "{era}");
        rig.nothing_asked();
    }
}

#[test]
fn a_message_that_was_written_is_looked_up_and_sent_again_only_when_it_is_not_there() {
    for era in Era::ALL {
        for arrived in [true, false] {
            let mut rig = Rig::logged_on(era, &[(ROOM, 0)]);
            rig.msg(log(10, 0, BOB, "before", 3));
            rig.events.clear();
            rig.send(7, "mine");
            let first = rig.expect("WRITE");
            let msg_id = first.int("msgId").unwrap_or_default();
            restart(&mut rig, &[(ROOM, if arrived { 20 } else { 10 })]);
            let r = rig.expect_fetch(10);
            rig.nothing_asked();
            let found = if arrived { vec![log(20, 10, ALICE, "mine", msg_id)] } else { vec![] };
            rig.page(&r, found, true, if arrived { 20 } else { 10 });
            if !arrived {
                let again = rig.expect("WRITE");
                assert_eq!(again.body, first.body, "{era}: under its number");
                rig.written(&again, 20, 10);
            }
            rig.nothing_asked();
            let events = rig.events();
            let told = |e: &&Event| matches!(e, Event::Sent { .. } | Event::Message(_));
            let told: Vec<&Event> = events.iter().filter(told).collect();
            assert_eq!(told.len(), 2, "{era} {arrived}: {told:?}");
            assert_eq!(told[0], &Event::Sent { ticket: 7, room: ROOM, log_id: 20 });
        }
    }
}

#[test]
fn what_was_answered_is_neither_sent_nor_reported_again_and_numbers_go_on() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "a");
    let r = rig.expect("WRITE");
    let number = r.int("msgId").unwrap_or_default();
    rig.written(&r, 10, 0);
    rig.events.clear();
    restart(&mut rig, &[(ROOM, 10)]);
    rig.nothing_asked();
    assert_eq!(rig.events(), []);
    rig.send(2, "b");
    let r = rig.expect("WRITE");
    assert_eq!(r.read::<write::Request<'_>>().msg_id.map(|n| n.get()), Some(number + 1));
}

#[test]
fn in_the_middle_of_catching_up_it_goes_on_from_the_last_that_was_reported() {
    for era in Era::ALL {
        let mut rig = Rig::logged_on(era, &[(ROOM, 30)]);
        let r = rig.expect_fetch(0);
        rig.page(&r, vec![log(10, 0, BOB, "a", 1)], false, 30);
        assert_eq!(rig.messages(), [(10, "a".to_owned())], "{era}");
        rig.expect_fetch(10);
        restart(&mut rig, &[(ROOM, 30)]);
        let r = rig.expect_fetch(10);
        rig.page(&r, vec![log(20, 10, BOB, "b", 2), log(30, 20, BOB, "c", 3)], true, 30);
        assert_eq!(rig.messages(), [(20, "b".to_owned()), (30, "c".to_owned())], "{era}");
    }
}

#[test]
fn the_login_says_how_far_it_has_come() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0), (8000, 5)]);
    rig.msg(log(10, 0, BOB, "a", 1));
    let memory = rig.client.remember();
    assert_eq!(memory.rooms.iter().map(|r| (r.room, r.seen)).collect::<Vec<_>>(), [(ROOM, 10), (8000, 0)]);
    let mut again = Rig::new(Era::E2025);
    again.client = Client::resume(config(Era::E2025), Entropy::named(3, "x"), memory).expect("its own");
    again.act(Action::Login);
    again.enter(&[]);
    again.enter(&[]);
    again.accept();
    let r = again.expect("LOGINLIST");
    let q: loginlist::Request<'_> = r.read();
    assert_eq!((q.chat_ids, q.max_ids), (Some(vec![ROOM, 8000]), Some(vec![10, 0])));
}

#[test]
fn damaged_and_foreign_bytes_are_refused_by_name() {
    let mut rig = Rig::logged_on(Era::E2025, &[(ROOM, 0)]);
    rig.send(1, "waits");
    let bytes = rig.client.remember().to_bytes();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        assert!(Memory::from_bytes(&bad).is_err(), "byte {at}");
        assert!(Memory::from_bytes(&bytes[..at]).is_err(), "up to byte {at}");
    }
    assert_eq!(Memory::from_bytes(b""), Err(MemoryError::Foreign(String::new())));
    assert_eq!(Memory::from_bytes(&bytes[..60]), Err(MemoryError::Damaged));
    let mut later = bytes.clone();
    let at = later.windows(18).position(|w| w == b"locospec-client/1\0").expect("the format");
    later[at + 16] = b'2';
    assert_eq!(Memory::from_bytes(&later), Err(MemoryError::Foreign("locospec-client/2".to_owned())));
}

#[test]
fn the_memory_of_somebody_else_is_refused() {
    let memory = Rig::logged_on(Era::E2025, &[(ROOM, 0)]).client.remember();
    let (mut user, mut device) = (config(Era::E2025), config(Era::E2025));
    user.user_id = BOB;
    device.device_id = "another".to_owned();
    for (config, what) in [(user, "user"), (device, "device"), (config(Era::E2023), "era")] {
        let refused = Client::resume(config, Entropy::named(1, "x"), memory.clone()).err();
        assert!(matches!(&refused, Some(MemoryError::Other { what: w, .. }) if *w == what), "{refused:?}");
    }
}
