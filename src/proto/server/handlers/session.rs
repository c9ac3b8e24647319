//! Small requests: GETTOKEN, BUYCS.

use super::gate::version;
use crate::proto::command::{CommandId, buycs, gettoken};
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::Store;

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::GetToken, gettoken), (CommandId::BuyCs, buycs)];

/// GETTOKEN: a 0 for each kind.
///
/// # Errors
/// A wrong body.
//= SESSION-GETTOKEN-1
pub fn gettoken(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: gettoken::Request = ask.body(answer)?;
    let tokens = vec![0; q.kinds.len()];
    answer.reply(&gettoken::Reply { status: 0, kinds: q.kinds, tokens });
    Ok(())
}

/// BUYCS: the fields of CHECKIN about calls. There is no call server.
///
/// # Errors
/// A wrong body, or an app that is too old.
//= SESSION-BUYCS-1
pub fn buycs(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: buycs::Request<'_> = ask.body(answer)?;
    version(ask, q.app_ver)?;
    let host = ask.config.host.as_str();
    answer.reply(&buycs::Reply {
        status: 0,
        cs_host: host,
        cs_port: 0,
        cs_host6: "",
        vss_host: host,
        vss_port: 0,
        vss_host6: "",
    });
    Ok(())
}
