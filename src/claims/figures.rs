//! What is read off the runs in virtual time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::band::{Band, Outages};
use super::meter::{Event, sum};
use super::radio::{Radio, Spent};
use super::script::{Line, conversation, monologue, number};
use super::simulate::{Seat, Setting, run};
use super::transport::{Habits, Transport};
use super::wire::carried;
use crate::proto::time::Time;

/// After the last line of a script, how long the messages have to arrive.
const ARRIVE_WITHIN: Duration = Duration::from_secs(180);
/// When a script begins: all have logged in by then.
const SCRIPT_AT: Duration = Duration::from_secs(20);
/// Everything that a login brings with it has come by then.
const SETTLED: Duration = Duration::from_secs(15);
/// What an idle device is watched for.
const HOUR: Duration = Duration::from_secs(3600);
/// A step of simulated time while nothing much happens.
const IDLE_TICK_MS: u64 = 20;

/// Times of the messages of one conversation, by number.
type Times = Arc<Mutex<Vec<Option<Time>>>>;

/// From send to arrival at the other device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Messages that were sent.
    pub sent: usize,
    /// Messages that arrived.
    pub arrived: usize,
    /// Half of them took at most this, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 took at most this.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// Connections that both devices made, for each message.
    pub connections_per_message: f64,
    /// How many of so many arrived within 1, 2, 4, 8 … milliseconds: for the plot.
    pub within: Vec<(f64, f64)>,
}

/// The value that a part `of` one of all values does not exceed; 0 of none.
#[must_use]
pub fn percentile(sorted: &[f64], of: f64) -> f64 {
    let at = (sorted.len() as f64 * of).ceil() as usize;
    sorted.get(at.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

impl Latency {
    /// Of these times, in milliseconds, of so many messages that were sent.
    #[must_use]
    pub fn of(mut took: Vec<f64>, sent: usize, connections: u64) -> Self {
        took.sort_by(f64::total_cmp);
        let share = |ms: f64| took.iter().filter(|t| **t <= ms).count() as f64 / sent.max(1) as f64;
        // Twelve points for each factor of ten, from a tenth of a millisecond to a thousand seconds.
        let points = (-12..=72).map(|i| 10f64.powf(f64::from(i) / 12.0)).map(|ms| (round(ms), round(share(ms))));
        Self {
            sent,
            arrived: took.len(),
            p50_ms: percentile(&took, 0.5),
            p99_ms: percentile(&took, 0.99),
            max_ms: took.last().copied().unwrap_or_default(),
            connections_per_message: connections as f64 / sent.max(1) as f64,
            within: points.collect(),
        }
    }
}

fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

/// Logs in, waits for the beginning, says its lines, and stays until it has heard those of the other.
async fn converse(mut seat: Seat, who: usize, lines: Arc<Vec<Line>>, sent: Times, heard: Times) -> io::Result<()> {
    let note = |times: &Times, n: usize, at: Time| {
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = times.get_mut(n) {
            slot.get_or_insert(at);
        }
    };
    let begin = seat.clock.now() + SCRIPT_AT;
    while seat.device.login().await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut awaited = lines.iter().filter(|l| l.who != who).count();
    let mut mine = lines.iter().filter(|l| l.who == who).peekable();
    let mut sending = tokio::task::JoinSet::new();
    while awaited > 0 || mine.peek().is_some() || !sending.is_empty() {
        let due = mine.peek().map(|l| seat.clock.until(begin + l.at));
        tokio::select! {
            biased;
            Some(text) = seat.heard.recv() => {
                if let Some(n) = number(&text) {
                    note(&heard, n, seat.clock.now());
                    awaited = awaited.saturating_sub(1);
                }
            }
            Some(_) = sending.join_next() => (),
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => {
                if let Some(line) = mine.next() {
                    note(&sent, line.n, seat.clock.now());
                    sending.spawn(seat.device.send(line.text.clone()));
                }
            }
        }
    }
    Ok(())
}

/// A conversation of so many messages.
///
/// # Errors
/// The simulation failed.
pub fn latency(
    transport: Transport,
    band: Band,
    outages: Outages,
    habits: Habits,
    seed: u64,
    messages: usize,
) -> Result<Latency, String> {
    let lines = Arc::new(conversation(seed, messages));
    let times = || Times::new(Mutex::new(vec![None; messages]));
    let (sent, heard) = (times(), times());
    let limit = SCRIPT_AT + lines.last().map(|l| l.at).unwrap_or_default() + ARRIVE_WITHIN;
    let setting = Setting { transport, band, outages, habits, seed, limit };
    let play = |who| {
        let (lines, sent, heard) = (lines.clone(), sent.clone(), heard.clone());
        move |seat| converse(seat, who, lines, sent, heard)
    };
    let ran = run(&setting, play(0), play(1))?;
    let read = |t: &Times| t.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (sent, heard) = (read(&sent), read(&heard));
    let took = sent.iter().zip(&heard).filter_map(|(s, h)| Some((*h)?.since((*s)?).as_secs_f64() * 1e3)).collect();
    let connections = ran.events.iter().map(|e| sum(e).connections).sum();
    Ok(Latency::of(took, sent.iter().flatten().count(), connections))
}

/// From nothing to the acknowledgement of the first message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Round trips, TCP's handshakes included.
    pub round_trips: f64,
    /// Connections.
    pub connections: u64,
    /// Bytes up, above TCP.
    pub up: u64,
    /// Bytes down.
    pub down: u64,
    /// Bytes of IP packets, both ways (modelled).
    pub ip_bytes: u64,
}

/// The first message of a device that knows nothing, and that of one which was there before.
///
/// # Errors
/// The simulation failed, or did not come to its end.
pub fn starts(transport: Transport, seed: u64) -> Result<[Start; 2], String> {
    let limit = Duration::from_secs(300);
    let setting = Setting { transport, band: Band::RULER, outages: Outages::None, habits: Habits::QUIET, seed, limit };
    let found = Arc::new(Mutex::new(Vec::new()));
    let tell = found.clone();
    let alice = move |seat: Seat| async move {
        for n in 0..2 {
            seat.meter.clear();
            let from = seat.clock.now();
            seat.device.login().await?;
            seat.device.send(super::script::numbered(n, super::script::SAMPLE)).await?;
            let (took, events) = (seat.clock.now().since(from), seat.meter.events());
            tell.lock().unwrap_or_else(PoisonError::into_inner).push((took, events));
            tokio::time::sleep(SETTLED).await;
            seat.device.hang_up().await?;
            tokio::time::sleep(SETTLED).await;
        }
        Ok(())
    };
    run(&setting, alice, |_| async { Ok(()) })?;
    let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    let start = |(took, events): &(Duration, Vec<Event>)| {
        let sum = sum(events);
        let trip = Band::RULER.round_trip();
        Start {
            round_trips: (took.as_secs_f64() / trip.as_secs_f64() * 10.0).round() / 10.0,
            connections: sum.connections,
            up: sum.up,
            down: sum.down,
            ip_bytes: carried(events, trip).bytes,
        }
    };
    let starts: Vec<Start> = found.iter().map(start).collect();
    <[Start; 2]>::try_from(starts).map_err(|_| format!("{}: no message was acknowledged", transport.id()))
}

/// Bytes of a message of [`super::script::SAMPLE`] once the connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Of sending it, acknowledgement included: bytes above TCP.
    pub message: f64,
    /// Of its arrival at the other device; where that polls, of the poll that brings it.
    pub push: f64,
    /// Of a heartbeat with its answer, or of a poll that brings nothing.
    pub beat: f64,
    /// Of the heartbeat or the poll alone, without the answer.
    pub beat_up: f64,
    /// The same as IP packets (modelled).
    pub message_ip: f64,
    /// The same as IP packets (modelled).
    pub push_ip: f64,
    /// The same as IP packets (modelled).
    pub beat_ip: f64,
}

/// Messages whose bytes are counted.
const WEIGHED: usize = 20;
/// Between two of them.
const APART: Duration = Duration::from_secs(20);

/// Weighs messages, pushes and beats.
///
/// # Errors
/// The simulation failed, or did not come to its end.
pub fn weight(transport: Transport, seed: u64) -> Result<Weight, String> {
    let limit = Duration::from_secs(3600);
    let setting = Setting { transport, band: Band::RULER, outages: Outages::None, habits: Habits::QUIET, seed, limit };
    let found = Arc::new(Mutex::new([(); 3].map(|()| Vec::new())));
    let (told, tell) = (found.clone(), found.clone());
    let lines = monologue(WEIGHED, APART);
    let began = lines.first().map(|l| l.at).unwrap_or_default();
    let alice = move |seat: Seat| async move {
        seat.device.login().await?;
        seat.device.send(super::script::numbered(9999, "warm up")).await?;
        tokio::time::sleep(began).await;
        seat.meter.clear();
        for line in lines {
            seat.device.send(line.text).await?;
            tokio::time::sleep(APART - Band::RULER.round_trip()).await;
        }
        told.lock().unwrap_or_else(PoisonError::into_inner)[0] = seat.meter.events();
        seat.meter.clear();
        for _ in 0..WEIGHED {
            seat.device.beat().await?;
            tokio::time::sleep(APART - Band::RULER.round_trip()).await;
        }
        told.lock().unwrap_or_else(PoisonError::into_inner)[2] = seat.meter.events();
        Ok(())
    };
    let bob = move |mut seat: Seat| async move {
        seat.device.login().await?;
        // The message that warms up has come, by itself or because it is asked for.
        tokio::time::sleep(SETTLED).await;
        seat.device.beat().await?;
        while seat.heard.recv().await.as_deref().and_then(number) != Some(9999) {}
        seat.meter.clear();
        let mut left = WEIGHED;
        while left > 0 {
            let poll = async {
                tokio::time::sleep(APART).await;
                if transport.polls() { seat.device.beat().await } else { Ok(()) }
            };
            tokio::select! {
                biased;
                Some(_) = seat.heard.recv() => left -= 1,
                polled = poll => polled?,
            }
        }
        // The next question of a long poll is its own, and belongs to the next message.
        tokio::time::sleep(Duration::from_secs(5)).await;
        tell.lock().unwrap_or_else(PoisonError::into_inner)[1] = seat.meter.events();
        Ok(())
    };
    if !run(&setting, alice, bob)?.ended {
        return Err(format!("{}: not every message arrived", transport.id()));
    }
    let [message, push, beats] = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    let each = |events: &[Event]| {
        let sum = sum(events);
        let ip = carried(events, Band::RULER.round_trip()).bytes;
        ((sum.up + sum.down) as f64 / WEIGHED as f64, ip as f64 / WEIGHED as f64)
    };
    let ((message, message_ip), (push, push_ip), (beat, beat_ip)) = (each(&message), each(&push), each(&beats));
    let beat_up = sum(&beats).up as f64 / WEIGHED as f64;
    Ok(Weight { message, push, beat, beat_up, message_ip, push_ip, beat_ip })
}

/// An hour in which nobody says anything, on one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Seconds between two heartbeats, polls, or long polls that end without news.
    pub every_s: u64,
    /// Bytes above TCP, both ways.
    pub bytes: u64,
    /// Bytes of IP packets (modelled).
    pub ip_bytes: u64,
    /// Connections.
    pub connections: u64,
    /// What the radio of this network spends (modelled).
    pub radio: Spent,
}

/// An idle hour on this network.
///
/// # Errors
/// The simulation failed.
pub fn idle(transport: Transport, band: Band, habits: Habits, seed: u64) -> Result<Idle, String> {
    let radio = Radio::ALL.iter().find(|r| r.id == band.id).ok_or_else(|| format!("no radio for {}", band.id))?;
    let band = Band { tick_ms: IDLE_TICK_MS, ..band };
    let setting = Setting { transport, band, outages: Outages::None, habits, seed, limit: HOUR * 2 };
    let bob = |seat: Seat| async move {
        seat.device.login().await?;
        tokio::time::sleep(SETTLED).await;
        seat.meter.clear();
        tokio::time::sleep(HOUR).await;
        Ok(())
    };
    let ran = run(&setting, |_| async { Ok(()) }, bob)?;
    if !ran.ended {
        return Err(format!("{}: no login on {}", transport.id(), band.id));
    }
    let events = &ran.events[1];
    let sum = sum(events);
    let times: Vec<Time> = events.iter().map(|e| e.at).collect();
    let every = match transport {
        Transport::Poll(..) => habits.poll,
        Transport::LongPoll => habits.held,
        _ => habits.heartbeat,
    };
    Ok(Idle {
        every_s: every.as_secs(),
        bytes: sum.up + sum.down,
        ip_bytes: carried(events, band.round_trip()).bytes,
        connections: sum.connections,
        radio: radio.spends(&times, HOUR),
    })
}
