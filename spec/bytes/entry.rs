//! Samples of GETCONF, CHECKIN and BUY: the way to a carriage server.

use locospec::proto::command::{CommandId, Nullable, buy, checkin, getconf};

use super::{MODERN, OLD, REPLY, REQUEST, Sample, one, pair};

pub fn samples() -> Vec<Sample> {
    [getconf(), checkin_2012(), checkin(), buy()].into_iter().flatten().collect()
}

const NETWORK: fn() -> getconf::Network = || getconf::Network {
    bg_keep: 180,
    bg_reconn: 180,
    bg_ping: 180,
    fg_ping: 180,
    req_timeout: 30,
    enc_type: 2,
    conn_timeout: 15,
    recv_header_timeout: 20,
    in_seg_timeout: 10,
    out_seg_timeout: 10,
    block_send_buf_size: 4096,
    ports: vec![995, 5228],
};

fn getconf() -> Vec<Sample> {
    let ticket = getconf::Ticket { lsl: vec!["127.0.0.1"], ..Default::default() };
    let reply = getconf::Reply {
        status: 0,
        revision: 197,
        mobile: Some(NETWORK()),
        wifi: NETWORK(),
        ticket: getconf::Ticket { ssl: vec![], v2sl: vec![], lsl: vec!["127.0.0.1"], lsl6: vec!["::1"] },
        profile: Some(getconf::Video { bitrate: 1_500_000, resolution: 720 }),
        etc: Some(getconf::Etc {
            write_retry_timeout: 30,
            traceroute_host: vec!["127.0.0.1"],
            traceroute_host6: vec!["::1"],
        }),
        trailer: Some(trailer()),
        trailer_high: Some(getconf::TrailerHigh { v_resolution: 1080, v_bitrate: 6_000_000, a_frequency: 48_000 }),
    };
    let least = getconf::Reply { revision: 197, wifi: NETWORK(), ticket, ..Default::default() };
    [
        pair(
            (CommandId::GetConf, REQUEST, MODERN, 10_001),
            getconf::Request {
                mccmnc: Some("45005"),
                os: Some("android"),
                model: Some("SM-T870"),
                user_id: Some(1001),
                ..Default::default()
            },
            getconf::Request::default(),
        ),
        pair((CommandId::GetConf, REPLY, MODERN, 10_001), reply, least),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The only published limits are those of a picture and a video; the rest is ours.
fn trailer() -> getconf::Trailer {
    getconf::Trailer {
        token_expire_time: 259_200,
        resolution: 960,
        resolution_hd: 1440,
        comp_ratio: 90,
        comp_ratio_hd: 95,
        down_mode: 0,
        concurrent_down_limit: 4,
        concurrent_up_limit: 4,
        max_relay_size: 1 << 20,
        down_check_size: 1 << 16,
        up_max_size: 20 << 20,
        video_up_max_size: 300 << 20,
        v_codec: 1,
        v_fps: 30,
        a_codec: 1,
        content_expire_time: 1_209_600,
        v_resolution: 480,
        v_bitrate: 1_500_000,
        a_frequency: 44_100,
    }
}

/// The two captures of loco-2012 §2.1.
fn checkin_2012() -> Vec<Sample> {
    [
        pair(
            (CommandId::CheckIn, REQUEST, OLD, 10_001),
            checkin::Request {
                user_id: Some(1),
                os: "android",
                ntype: Some(3),
                app_ver: Some("3.8.7"),
                use_sub: Some(true),
                mccmnc: Some("45005"),
                ..Default::default()
            },
            checkin::Request { os: "android", ..Default::default() },
        ),
        one((CommandId::CheckIn, REPLY, OLD, 10_001), captured_checkin_reply()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn captured_checkin_reply() -> checkin::Reply<'static> {
    checkin::Reply {
        status: 0,
        host: "192.0.2.224",
        port: 5228,
        cache_expire: 1800,
        cs_host: "198.51.100.235",
        cs_port: 9000,
        ..Default::default()
    }
}

fn checkin() -> Vec<Sample> {
    [
        pair(
            (CommandId::CheckIn, REQUEST, MODERN, 10_002),
            checkin::Request {
                user_id: Some(1001),
                os: "android",
                ntype: Some(3),
                app_ver: Some("10.3.3"),
                use_sub: Some(true),
                lang: Some("ko"),
                mccmnc: Some("310260"),
                country_iso: Some("KR"),
                ..Default::default()
            },
            checkin::Request { os: "android", ..Default::default() },
        ),
        pair(
            (CommandId::CheckIn, REPLY, MODERN, 10_002),
            checkin::Reply {
                status: 0,
                host: "127.0.0.1",
                host6: Some("::1"),
                port: 5228,
                cache_expire: 1800,
                cs_host: "127.0.0.1",
                cs_port: 9000,
                cs_host6: Some("::1"),
                vss_host: Some("127.0.0.1"),
                vss_port: Some(9001),
                vss_host6: Some("::1"),
                ..Default::default()
            },
            captured_checkin_reply(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The captured request and the published reply of loco-2012 §7.1.
fn buy() -> Vec<Sample> {
    [
        pair(
            (CommandId::Buy, REQUEST, OLD, 1),
            buy::Request {
                user_id: 1,
                os: "wp",
                ntype: Some(3),
                app_ver: Some("1.0.1"),
                mccmnc: Nullable(Some("")),
                country_iso: Some("US"),
                voip: Some(false),
            },
            buy::Request { user_id: 1, os: "wp", ..Default::default() },
        ),
        one(
            (CommandId::Buy, REPLY, OLD, 1),
            buy::Reply {
                status: 0,
                host: "198.51.100.202",
                port: 5228,
                ping_itv: 1200,
                req_timeout: 30,
                cache_expire: 1800,
                lazy_wait_itv: 1200,
                deep_sleep_itv: 600,
            },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
