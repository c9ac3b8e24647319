//! "5 to 20 times faster", said plainly: the ratio of the medians, on each network, also where it does not hold.

use super::band::{Band, Outages};
use super::everything::{BEATING, BEATING_2012};
use super::report::{Figure, OnLoopback, Report, Simulated, short};
use super::script::sample_len;
use super::transport::{Tls, Transport, Way};

/// What the press of 2011 said.
pub const CLAIM: (f64, f64) = (5.0, 20.0);

/// A ratio so near to 1 is none: on Wi-Fi a step of simulated time is a tenth of the way.
const SAME: f64 = 0.15;

/// How a ratio stands to the claim.
#[must_use]
pub fn word(ratio: f64) -> &'static str {
    if ratio < 1.0 - SAME {
        "slower"
    } else if ratio <= 1.0 + SAME {
        "no difference"
    } else if ratio < CLAIM.0 {
        "less than claimed"
    } else if ratio <= CLAIM.1 {
        "as claimed"
    } else {
        "more than claimed"
    }
}

/// One ratio.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The network.
    pub band: &'static str,
    /// How it fails.
    pub outages: &'static str,
    /// The median of the other, divided by LOCO's.
    pub median: f64,
    /// The same of the 99th of a hundred.
    pub p99: f64,
}

/// How many times faster `loco` is than `other`, on each network with each kind of outage.
#[must_use]
pub fn ratios(report: &Report, loco: &str, other: &str) -> Vec<Ratio> {
    let (Some(ours), Some(theirs)) = (report.of(loco), report.of(other)) else { return Vec::new() };
    let mut all = Vec::new();
    for outages in Outages::ALL {
        for band in Band::ALL {
            let (Some(a), Some(b)) = (ours.on(band.id, outages.id()), theirs.on(band.id, outages.id())) else {
                continue;
            };
            if a.p50_ms > 0.0 && a.p99_ms > 0.0 {
                let (median, p99) = (b.p50_ms / a.p50_ms, b.p99_ms / a.p99_ms);
                all.push(Ratio { band: band.id, outages: outages.id(), median, p99 });
            }
        }
    }
    all
}

/// The range of some numbers as words; nothing of none.
fn range(all: &[f64], unit: &str) -> String {
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(0.0, f64::max);
    match (short(least), short(most)) {
        (a, b) if a == b => format!("{a}{unit}"),
        (a, b) => format!("{a} to {b}{unit}"),
    }
}

/// The transports of this kind.
fn kind(report: &Report, polls: bool) -> Vec<&Simulated> {
    let is = |s: &&Simulated| {
        Transport::parse(&s.transport).is_ok_and(|t| t.polls() == polls && !matches!(t, Transport::Loco(_)))
    };
    report.simulated.iter().filter(is).collect()
}

/// One sentence for each claim, made of the figures.
#[must_use]
pub fn findings(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    let loco = BEATING.id();
    if let (Some(ours), Some(ws)) = (report.of(loco), report.of(Transport::WebSocket.id())) {
        let (polls, theirs) = (kind(report, true), kind(report, false));
        let trips = |of: fn(&Simulated) -> f64| range(&polls.iter().map(|s| of(s)).collect::<Vec<_>>(), "");
        all.push(format!(
            "Connecting costs are saved: not at first ({} round trips from nothing with {loco}, {} with WebSocket, {} with \
             polling), but by each later message, which costs no connection; coming back takes {} ({}, {}).",
            ours.cold.round_trips,
            ws.cold.round_trips,
            trips(|s| s.cold.round_trips),
            ours.warm.round_trips,
            ws.warm.round_trips,
            trips(|s| s.warm.round_trips),
        ));
        let messages: Vec<f64> = polls.iter().map(|s| s.weight.message).collect();
        all.push(format!(
            "Light packets: a message of {} bytes is {} bytes with {loco}, {} with WebSocket and JSON, {} with polling; an \
             idle hour {} against {} and {}.",
            sample_len(),
            short(ours.weight.message),
            short(ws.weight.message),
            range(&messages, ""),
            hour(ours),
            hour(ws),
            range(&polls.iter().filter_map(|s| Some(s.idle_on("3g")?.bytes as f64)).collect::<Vec<_>>(), ""),
        ));
        all.extend(old_keep_alive(report));
        for band in Band::ALL {
            let against = |which: &[&Simulated]| -> Vec<f64> {
                let all = which.iter().flat_map(|s| ratios(report, loco, &s.transport));
                all.filter(|r| r.band == band.id && r.outages == "none").map(|r| r.median).collect()
            };
            let (polled, pushed) = (against(&polls), against(&theirs));
            if !polled.is_empty() && !pushed.is_empty() {
                let mut words: Vec<&str> = polled.iter().map(|r| word(*r)).collect();
                words.dedup();
                all.push(format!(
                    "5 to 20 times faster on {}: {} times against polling each {} s ({}); {} times against WebSocket and \
                     long polling.",
                    band.id,
                    range(&polled, ""),
                    report.poll_s,
                    words.join(", "),
                    range(&pushed, ""),
                ));
            }
        }
        all.extend(lost(report, ours));
        all.extend(battery(ours, &polls));
    }
    all.extend(load(report));
    all
}

fn hour(s: &Simulated) -> String {
    s.idle_on("3g").map_or_else(|| "an unknown number".to_owned(), |i| short(i.bytes as f64))
}

/// What the press of 2011 said of the keep-alive before LOCO: bytes, and how many an hour.
const OLD_KEEP_ALIVE: (f64, f64) = (280.0, 6.0);

fn old_keep_alive(report: &Report) -> Option<String> {
    let beat = report.of(BEATING_2012.id())?.weight.beat_up;
    let old = OLD_KEEP_ALIVE.0 * OLD_KEEP_ALIVE.1;
    Some(format!(
        "The keep-alive of 2012: {} bytes each 20 minutes, {} an hour, against {} bytes each 10 minutes, {old} an hour, \
         before: {} times less.",
        short(beat),
        short(beat * 3.0),
        OLD_KEEP_ALIVE.0,
        short(old / (beat * 3.0)),
    ))
}

/// Where a kept connection is the worse one.
fn lost(report: &Report, ours: &Simulated) -> Option<String> {
    let new = report.of(Transport::Poll(Way::EachNew, Tls::V13).id())?;
    let [a, b] = [ours, new].map(|s| Band::ALL.map(|x| s.on(x.id, "lost").map(|l| l.p99_ms / 1e3)));
    let said = |all: [Option<f64>; 3]| all.map(|x| x.map_or_else(|| "?".to_owned(), short)).join(", ");
    Some(format!(
        "Not where connections die silently: the slowest of 100 then takes {} s ({}) with {}, {} s with one connection a \
         request. Who keeps a connection learns late that it is dead.",
        said(a),
        Band::ALL.map(|b| b.id).join(", "),
        BEATING.id(),
        said(b),
    ))
}

fn battery(ours: &Simulated, polls: &[&Simulated]) -> Option<String> {
    let awake = |s: &Simulated| Some(s.idle_on("3g")?.radio.awake_s / 60.0);
    let theirs: Vec<f64> = polls.iter().filter_map(|s| awake(s)).collect();
    Some(format!(
        "Easy on the battery, by the radio model: in an idle hour on 3G the radio is awake for {} minutes with a heartbeat \
         each {} s, {} with polling; WebSocket rests as LOCO does.",
        short(awake(ours)?),
        ours.idle_on("3g")?.every_s,
        range(&theirs, ""),
    ))
}

fn load(report: &Report) -> Option<String> {
    let of = |name: &str| report.loopback.iter().find(|l| l.transport == name);
    let (ours, ws) = (of(BEATING.id())?, of(Transport::WebSocket.id())?);
    let polls: Vec<&OnLoopback> =
        report.loopback.iter().filter(|l| Transport::parse(&l.transport).is_ok_and(Transport::polls)).collect();
    let each = |of: fn(&OnLoopback) -> &Figure| polls.iter().filter_map(|l| of(l).value()).collect::<Vec<_>>();
    Some(format!(
        "Less load on servers: a message costs {} µs of CPU with {}, {} with WebSocket, {} with polling; a login {} µs, {} \
         and {}: RSA is dearer than what TLS signs with.",
        ours.cpu_message_us,
        BEATING.id(),
        ws.cpu_message_us,
        range(&each(|l| &l.cpu_message_us), ""),
        ours.cpu_login_us,
        ws.cpu_login_us,
        range(&each(|l| &l.cpu_login_us), ""),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claim_is_five_to_twenty() {
        let words = [0.5, 1.1, 3.0, 5.0, 20.0, 21.0].map(word);
        assert_eq!(
            words,
            ["slower", "no difference", "less than claimed", "as claimed", "as claimed", "more than claimed"]
        );
    }
}
