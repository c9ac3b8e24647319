//! Pages of SYNCMSG and MCHATLOGS: bounded by messages and by bytes, and nothing lost between two of them.

use super::{ALICE, BOB, HALL, Outcome, PAIR, Rig, body, said};
use crate::proto::command::field::Body;
use crate::proto::command::{mchatlogs, syncmsg};
use crate::proto::limits::{LOG_OVERHEAD_MAX, MESSAGE_LEN_MAX, PAGE_LEN_MAX};

/// One page after `cur`: its log ids, whether it is the last, and its bytes.
fn page(rig: &mut Rig, cur: i64) -> Result<(Vec<i64>, bool, usize), Box<dyn std::error::Error>> {
    let q = syncmsg::Request { chat_id: PAIR, cur, max: 0, cnt: None };
    let answer = rig.ask(BOB, &q).map_err(said)?;
    let reply = syncmsg::Reply::decode(body(&answer.body)?, &mut 0)?;
    let ids = reply.chat_logs.unwrap_or_default().iter().map(|l| l.log_id).collect();
    Ok((ids, reply.is_ok, answer.body.len()))
}

#[test]
fn a_page_of_300_is_the_last_one_only_if_there_is_no_301st() -> Outcome {
    let mut rig = Rig::new();
    let mut ids = Vec::new();
    for n in 0..299 {
        ids.push(rig.write(ALICE, PAIR, &n.to_string())?);
    }
    for last in [299, 300] {
        let (got, is_ok, _) = page(&mut rig, 0)?;
        assert_eq!((got == ids, got.len(), is_ok), (true, last, true));
        ids.push(rig.write(ALICE, PAIR, "one more")?);
    }
    let (got, is_ok, _) = page(&mut rig, 0)?;
    assert_eq!((got.len(), is_ok), (300, false));
    assert_eq!(page(&mut rig, ids[299])?.0, ids[300..]);
    Ok(())
}

#[test]
fn a_page_ends_before_it_has_too_many_bytes() -> Outcome {
    let mut rig = Rig::new();
    let long = "황".repeat(MESSAGE_LEN_MAX / 3);
    let mut ids = Vec::new();
    for _ in 0..150 {
        ids.push(rig.write(ALICE, PAIR, &long)?);
    }
    let (mut got, mut cur, mut pages) = (Vec::new(), 0, 0);
    loop {
        let (some, is_ok, len) = page(&mut rig, cur)?;
        assert!(len <= PAGE_LEN_MAX + LOG_OVERHEAD_MAX, "{len} bytes");
        cur = *some.last().ok_or("an empty page that is not the last")?;
        got.extend(some);
        pages += 1;
        if is_ok {
            break;
        }
    }
    assert_eq!((got == ids, pages), (true, 3));
    Ok(())
}

#[test]
fn a_full_page_of_several_rooms_goes_on_where_it_ended() -> Outcome {
    let mut rig = Rig::new();
    rig.config.logs_per_page = 3;
    let mut wrote = Vec::new();
    for (room, texts) in [(PAIR, ["a", "b"]), (HALL, ["c", "d"])] {
        for text in texts {
            wrote.push((room, rig.write(ALICE, room, text)?));
        }
    }
    let mut since = [0, 0];
    for (want, end) in [(&wrote[..3], false), (&wrote[3..], true), (&[][..], true)] {
        let q = mchatlogs::Request { chat_ids: vec![PAIR, HALL], sinces: since.to_vec() };
        let answer = rig.ask(BOB, &q).map_err(said)?;
        let reply = mchatlogs::Reply::decode(body(&answer.body)?, &mut 0)?;
        let got: Vec<(i64, i64)> = reply.chat_logs.iter().map(|l| (l.chat_id, l.log_id)).collect();
        assert_eq!((got.as_slice(), reply.eof), (want, Some(end)));
        for (room, log_id) in got {
            since[usize::from(room == HALL)] = log_id;
        }
    }
    Ok(())
}
