//! Any bytes, at any stage, in any order of inputs: no panic, and the books balance.

use core::time::Duration;

use proptest::prelude::*;

use super::fake::{ROOM, Rig};
use crate::proto::client::{Action, Input, State};
use crate::proto::command::CommandId;
use crate::proto::secure::Era;

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// Plain bytes of the server, sealed as they must be.
    Plain(Vec<u8>),
    /// Bytes of the server as they are.
    Wire(Vec<u8>),
    /// A packet with this id of this command with this body.
    Packet(u32, usize, Vec<u8>),
    /// The connection that is asked for stands.
    Accept,
    /// The answer to the next request, as it should be.
    Honest,
    Close,
    Fail,
    Sleep,
    Wait(u16),
    Send(u8),
    Act(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..60);
    let step = prop_oneof![
        1 => bytes().prop_map(Step::Plain),
        1 => bytes().prop_map(Step::Wire),
        3 => (0u32..6, 0..22usize, bytes()).prop_map(|(id, which, body)| Step::Packet(id, which, body)),
        6 => Just(Step::Accept),
        8 => Just(Step::Honest),
        1 => Just(Step::Close),
        1 => Just(Step::Fail),
        3 => Just(Step::Sleep),
        1 => any::<u16>().prop_map(Step::Wait),
        3 => any::<u8>().prop_map(Step::Send),
        2 => any::<u8>().prop_map(Step::Act),
    ];
    proptest::collection::vec(step, 0..40)
}

fn act(n: u8) -> Action {
    match n % 9 {
        0 => Action::Login,
        1 => Action::Logout,
        2 => Action::MarkRead { room: ROOM, log_id: i64::from(n) },
        3 => Action::Open { room: ROOM },
        4 => Action::Leave { room: ROOM },
        5 => Action::Sync { room: ROOM, after: i64::from(n) },
        6 => Action::SetStatus(1),
        7 => Action::Rooms,
        _ => Action::Request { ticket: 1, method: CommandId::Ping.method(), body: vec![n] },
    }
}

fn run(rig: &mut Rig, step: Step) {
    match step {
        Step::Plain(bytes) => {
            if let Some(conn) = rig.client.connection() {
                rig.bytes(conn, &bytes);
            }
        }
        Step::Wire(bytes) => {
            if let Some(conn) = rig.client.connection() {
                rig.wire(conn, &bytes);
            }
        }
        Step::Packet(id, which, body) => {
            let mut plain = Vec::new();
            let start = crate::proto::wire::begin_packet(&mut plain, id, crate::proto::command::COMMANDS[which].method);
            let len = u32::try_from(body.len() + 5).unwrap_or_default();
            plain.extend_from_slice(&len.to_le_bytes());
            plain.extend_from_slice(&body);
            plain.push(0);
            crate::proto::wire::end_packet(&mut plain, start);
            if let Some(conn) = rig.client.connection() {
                rig.bytes(conn, &plain);
            }
        }
        Step::Accept if !rig.connects.is_empty() => drop(rig.accept()),
        Step::Accept => (),
        Step::Honest => honest(rig),
        Step::Close | Step::Fail => {
            if let Some(conn) = rig.client.connection() {
                rig.connects.clear();
                let fail = matches!(step, Step::Fail);
                rig.handle(if fail { Input::ConnectFailed { conn } } else { Input::Closed { conn } });
            }
        }
        Step::Sleep if rig.client.deadline().is_some() => drop(rig.sleep()),
        Step::Sleep => (),
        Step::Wait(ms) => rig.wait(Duration::from_millis(u64::from(ms))),
        Step::Send(n) => rig.send(u64::from(n), "text"),
        Step::Act(n) => rig.act(act(n)),
    }
}

/// Answers the next request as it should be.
fn honest(rig: &mut Rig) {
    let Some(r) = rig.requests.front().cloned() else { return };
    match r.method.as_str() {
        "GETCONF" => {
            rig.requests.pop_front();
            rig.configure(&r);
        }
        "CHECKIN" | "BUY" => {
            rig.requests.pop_front();
            rig.route(&r);
        }
        "LOGINLIST" => rig.answer_login(&[(ROOM, 10)]),
        "LOGIN" => rig.answer_login_alone(),
        "NCHATLIST" => rig.answer_list(&[(ROOM, 10)]),
        "WRITE" => {
            rig.requests.pop_front();
            rig.written(&r, 20, 10);
        }
        "SYNCMSG" | "READ" => {
            rig.requests.pop_front();
            rig.page(&r, vec![super::samples::log(10, 0, 1, "x", 1)], true, 10);
        }
        _ => {
            rig.requests.pop_front();
            rig.ok(&r);
        }
    }
}

/// One byte too many before the answer to the login of 2012: the answer cannot be read, and no list is asked for.
#[test]
fn a_login_whose_answer_is_spoilt_asks_for_nothing_more() {
    let mut rig = Rig::new(Era::E2012);
    rig.act(Action::Login);
    for step in [Step::Accept, Step::Honest, Step::Accept, Step::Plain(vec![0]), Step::Honest] {
        run(&mut rig, step);
        rig.tally_adds_up();
    }
    rig.nothing_asked();
    assert_eq!(rig.client.connection(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_panics_and_every_request_ends_once(era in 0usize..4, steps in steps()) {
        let mut rig = Rig::new(Era::ALL[era]);
        rig.act(Action::Login);
        for step in steps {
            run(&mut rig, step);
            rig.tally_adds_up();
            // What is due has been done: the driver is never called back for nothing.
            rig.wait(Duration::ZERO);
            let later = rig.client.deadline().is_none_or(|d| d > rig.now);
            prop_assert!(later || rig.client.state() == State::AwaitsRetry);
            prop_assert!(rig.client.outbox_len() <= rig.client.config().outbox_max);
        }
    }
}
