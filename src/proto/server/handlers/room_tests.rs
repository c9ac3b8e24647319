//! What no case can bring about: a block, a large room, a clock that went back.

use std::collections::BTreeMap;

use super::create::create;
use super::members::addmem;
use super::rooms::chatonroom;
use crate::proto::command::field::{Body, encode};
use crate::proto::command::{CommandId, addmem, chatonroom, create};
use crate::proto::limits::Limits;
use crate::proto::secure::Era;
use crate::proto::server::Config;
use crate::proto::server::dispatch::{Answer, Ask, Handler, Refused};
use crate::proto::server::store::{Effect, Shelf, Store};
use crate::proto::time::Time;
use crate::proto::wire::Document;
use crate::store::{Database, World};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const NOW: Time = Time::from_secs(1_700_000_000);

/// The store of the default world, in which 1003 blocks 1001.
fn world(db: &mut Database) -> Result<impl Store + '_, Box<dyn std::error::Error>> {
    let mut unit = db.begin()?;
    World::default_world().seed(&mut unit, NOW)?;
    unit.apply(&Effect::Put { shelf: Shelf::Blocks, key: (1003, 1001), bytes: Document::EMPTY.bytes().to_vec() })?;
    Ok(unit)
}

/// Asks as 1001, and applies what the handler wants.
fn ask<'b>(
    store: &mut impl Store,
    config: &Config,
    handler: Handler,
    body: &impl Body<'b>,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    encode(body, &mut bytes);
    let body = Document::check(&bytes, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let (id, era) = (CommandId::Create, Era::E2025);
    let (media_secret, batch) = ([0; 32], &BTreeMap::new());
    let ask = Ask { id, era, user: 1001, now: NOW, body, config, last_log_id: 0, media_secret, batch };
    let mut answer = Answer::default();
    match handler(&ask, store, &mut answer) {
        Ok(()) => {}
        Err(Refused::Status(status)) => return Err(format!("status {status}").into()),
        Err(other) => return Err(format!("{other:?}").into()),
    }
    for effect in &answer.effects {
        store.apply(effect)?;
    }
    Ok(answer)
}

fn refused(answer: Result<Answer, Box<dyn std::error::Error>>) -> String {
    answer.map_or_else(|e| e.to_string(), |_| "answered".to_owned())
}

#[test]
fn who_blocks_the_caller_comes_into_no_room_with_him() -> Outcome {
    let mut db = Database::in_memory()?;
    let (mut store, config) = (world(&mut db)?, Config::default());
    for ids in [vec![1003], vec![1002, 1003, 1004]] {
        let q = create::Request { member_ids: ids, ..Default::default() };
        assert_eq!(refused(ask(&mut store, &config, create, &q)), "status -402");
    }
    store.apply(&Effect::RemoveMember { chat_id: 7001, user_id: 1003 })?;
    let q = addmem::Request { chat_id: 7001, member_ids: vec![1004, 1003] };
    assert_eq!(refused(ask(&mut store, &config, addmem, &q)), "status -402");
    assert!(store.rooms_of(1004)?.is_empty(), "and nobody else does");
    let q = addmem::Request { chat_id: 7001, member_ids: vec![1004] };
    ask(&mut store, &config, addmem, &q)?;
    assert_eq!(store.rooms_of(1004)?, [7001]);
    Ok(())
}

#[test]
fn a_member_who_blocks_stays_where_he_is() -> Outcome {
    let mut db = Database::in_memory()?;
    let (mut store, config) = (world(&mut db)?, Config::default());
    let answer = ask(&mut store, &config, addmem, &addmem::Request { chat_id: 7001, member_ids: vec![1003] })?;
    assert!(answer.effects.is_empty() && answer.pushes.is_empty());
    Ok(())
}

#[test]
fn a_large_room_is_opened_by_ids() -> Outcome {
    let mut db = Database::in_memory()?;
    let mut store = world(&mut db)?;
    for (most, listed) in [(3, true), (2, false)] {
        let config = Config { members_listed_max: most, ..Config::default() };
        let q = chatonroom::Request { chat_id: 7001, ..Default::default() };
        let answer = ask(&mut store, &config, chatonroom, &q)?;
        let doc = Document::check(&answer.body, &Limits::DEFAULT).map_err(|e| e.to_string())?;
        let reply = chatonroom::Reply::decode(doc, &mut 0).map_err(|e| e.to_string())?;
        assert_eq!(reply.members.map(|m| m.len()), listed.then_some(3));
        assert_eq!(reply.member_ids, (!listed).then(|| vec![1001, 1002, 1003]));
        assert_eq!(reply.watermark_ids, [1001, 1002, 1003]);
    }
    Ok(())
}

#[test]
fn two_rooms_of_one_instant_have_different_ids() -> Outcome {
    let mut db = Database::in_memory()?;
    let (mut store, config) = (world(&mut db)?, Config::default());
    // Both ask as if the server had given no id yet, as after a restart with a clock that stands still.
    for ids in [vec![1004], vec![1002, 1004]] {
        ask(&mut store, &config, create, &create::Request { member_ids: ids, ..Default::default() })?;
    }
    assert_eq!(store.rooms_of(1001)?.len(), 4);
    Ok(())
}
