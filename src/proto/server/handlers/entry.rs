//! Before the carriage: GETCONF, CHECKIN, BUY.

use super::gate::version;
use crate::proto::command::{CommandId, buy, checkin, getconf};
use crate::proto::secure::Era;
use crate::proto::server::dispatch::{Answer, Ask, Refused, Row};
use crate::proto::server::store::Store;

/// What is answered here.
pub const HANDLERS: &[Row] = &[(CommandId::GetConf, getconf), (CommandId::CheckIn, checkin), (CommandId::Buy, buy)];

fn seconds(d: core::time::Duration) -> i32 {
    i32::try_from(d.as_secs()).unwrap_or(i32::MAX)
}

/// GETCONF: one ticket server, one port, our heartbeat; everything that a strict client wants.
///
/// # Errors
/// A wrong body.
//= BOOK-GETCONF-1
pub fn getconf(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let _: getconf::Request<'_> = ask.body(answer)?;
    let c = ask.config;
    let network = getconf::Network {
        bg_keep: 0,
        bg_reconn: 0,
        bg_ping: seconds(c.heartbeat),
        fg_ping: seconds(c.heartbeat),
        req_timeout: 10,
        enc_type: 2,
        conn_timeout: 15,
        recv_header_timeout: 20,
        in_seg_timeout: 10,
        out_seg_timeout: 10,
        block_send_buf_size: 8192,
        ports: vec![i32::from(c.ticket_port)],
    };
    let hosts = || vec![c.host.as_str()];
    answer.reply(&getconf::Reply {
        revision: 197,
        mobile: Some(network.clone()),
        wifi: network,
        ticket: getconf::Ticket { ssl: hosts(), v2sl: hosts(), lsl: hosts(), lsl6: Vec::new() },
        profile: Some(getconf::Video::default()),
        etc: Some(getconf::Etc { write_retry_timeout: 10, ..Default::default() }),
        trailer: Some(getconf::Trailer {
            token_expire_time: 1_209_600,
            concurrent_down_limit: 4,
            concurrent_up_limit: 2,
            up_max_size: i32::try_from(c.photo_size_max).unwrap_or(i32::MAX),
            video_up_max_size: i32::try_from(c.file_size_max).unwrap_or(i32::MAX),
            ..Default::default()
        }),
        trailer_high: Some(getconf::TrailerHigh::default()),
        ..Default::default()
    });
    Ok(())
}

/// CHECKIN: the carriage server of now. There is no call server; its fields are there because a strict client wants them.
///
/// # Errors
/// A wrong body, or an app that is too old.
//= CHECKIN-ADDRESS-1, CHECKIN-MINIMAL-1
pub fn checkin(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: checkin::Request<'_> = ask.body(answer)?;
    version(ask, q.app_ver)?;
    let c = ask.config;
    let modern = ask.era != Era::E2012;
    answer.reply(&checkin::Reply {
        status: 0,
        host: c.carriage(),
        host6: modern.then_some(""),
        port: i32::from(c.carriage_port),
        cache_expire: seconds(c.cache_expire),
        cs_host: &c.host,
        cs_port: 0,
        cs_host6: modern.then_some(""),
        vss_host: modern.then_some(c.host.as_str()),
        vss_port: modern.then_some(0),
        vss_host6: modern.then_some(""),
        ..Default::default()
    });
    Ok(())
}

/// BUY: the same, with the timers of 2012.
///
/// # Errors
/// A wrong body, or an app that is too old.
//= BUY-REPLY-1
pub fn buy(ask: &Ask<'_>, _: &dyn Store, answer: &mut Answer) -> Result<(), Refused> {
    let q: buy::Request<'_> = ask.body(answer)?;
    version(ask, q.app_ver)?;
    let c = ask.config;
    answer.reply(&buy::Reply {
        status: 0,
        host: c.carriage(),
        port: i32::from(c.carriage_port),
        ping_itv: seconds(c.heartbeat_2012),
        req_timeout: 30,
        cache_expire: seconds(c.cache_expire),
        lazy_wait_itv: seconds(c.heartbeat_2012),
        deep_sleep_itv: seconds(c.heartbeat_2012 / 2),
    });
    Ok(())
}
