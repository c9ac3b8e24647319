//! Samples of PING, SETST, SYNCLINK, KICKOUT and CHANGESVR: the session itself.

use locospec::proto::command::types::{OpenLink, OpenLinkUser};
use locospec::proto::command::{CommandId, changesvr, kickout, ping, setst, synclink};

use super::{ALL, MODERN, OLD, PUSH, PUSH_ID, REPLY, REQUEST, Sample, one, pair};

pub fn samples() -> Vec<Sample> {
    let kickout = (CommandId::KickOut, PUSH, MODERN, PUSH_ID);
    [
        vec![Sample::new((CommandId::Ping, REQUEST, OLD, 9), "", ping::Request {}).bodiless()],
        vec![Sample::new((CommandId::Ping, REQUEST, MODERN, 6), "an empty document", ping::Request {})],
        pair((CommandId::Ping, REPLY, ALL, 9), ping::Reply { status: Some(0) }, ping::Reply { status: None }),
        one((CommandId::SetSt, REQUEST, MODERN, 7), setst::Request { st: 1 }),
        one((CommandId::SetSt, REPLY, MODERN, 7), setst::Reply { status: 0 }),
        synclink(),
        pair(kickout, kickout::Push { reason: Some(-2) }, kickout::Push { reason: None }),
        one((CommandId::ChangeSvr, PUSH, MODERN, PUSH_ID), changesvr::Push {}),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A link as its owner sees it.
fn link() -> OpenLink<'static> {
    let owner = OpenLinkUser {
        user_id: 1001,
        nick_name: "Host",
        member_type: 1,
        profile_type: 2,
        open_token: 1,
        ..Default::default()
    };
    OpenLink {
        link_id: 9000,
        link_token: Some(1),
        link_name: Some("a link"),
        owner,
        link_type: Some(2),
        ml: Some(10),
        ..Default::default()
    }
}

fn synclink() -> Vec<Sample> {
    [
        one((CommandId::SyncLink, REQUEST, MODERN, 3), synclink::Request { ltk: 0 }),
        pair(
            (CommandId::SyncLink, REPLY, MODERN, 3),
            synclink::Reply { status: 0, links: Some(vec![link()]), ltk: 1, deleted: Some(vec![9001]) },
            synclink::Reply::default(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
