//! All runs in virtual time, on several threads; the result does not depend on how many.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::band::{Band, Outages};
use super::figures::{Idle, Latency, Start, Weight, idle, latency, starts, weight};
use super::report::{Intervals, Simulated};
use super::transport::{Habits, Tls, Transport, Way};
use crate::proto::secure::Era;

/// What is run.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where everything follows from.
    pub seed: u64,
    /// Messages of a conversation.
    pub messages: usize,
    /// Over what.
    pub transports: Vec<Transport>,
    /// What happens by itself.
    pub habits: Habits,
    /// Only the usual intervals.
    pub quick: bool,
    /// Runs at the same time.
    pub jobs: usize,
}

/// Heartbeats of LOCO whose idle hours are compared, in seconds: of clients in the wild (loco-modern §5), of the
/// official apps, and of 2012.
pub const HEARTBEATS: [u64; 6] = [20, 60, 180, 300, 600, 1200];
/// Polls whose idle hours and latencies are compared.
pub const POLLS: [u64; 6] = [1, 2, 5, 10, 30, 60];
/// The LOCO and the polling of these comparisons.
pub const BEATING: Transport = Transport::Loco(Era::E2025);
/// The same in 2012.
pub const BEATING_2012: Transport = Transport::Loco(Era::E2012);
/// The polling.
pub const POLLING: Transport = Transport::Poll(Way::KeepAlive, Tls::V13);

#[derive(Clone, Copy, Debug)]
enum Job {
    Starts(Transport),
    Weight(Transport),
    Idle(Transport, Band),
    Latency(Transport, Band, Outages),
    IdleEvery(Transport, Band, u64),
    PollEvery(Band, u64),
}

enum Done {
    Starts([Start; 2]),
    Weight(Weight),
    Idle(Idle),
    Latency(Latency),
}

/// The habits of a transport that does what it does by itself each so many seconds.
fn every(habits: Habits, seconds: u64) -> Habits {
    let every = Duration::from_secs(seconds);
    Habits { heartbeat: every, poll: every, ..habits }
}

fn jobs(wish: &Wish) -> Vec<Job> {
    let mut jobs = Vec::new();
    for &t in &wish.transports {
        jobs.extend([Job::Starts(t), Job::Weight(t)]);
        jobs.extend(Band::ALL.map(|b| Job::Idle(t, b)));
        for band in Band::ALL {
            jobs.extend(Outages::ALL.map(|o| Job::Latency(t, band, o)));
        }
    }
    if !wish.quick {
        for band in Band::ALL {
            jobs.extend(HEARTBEATS.map(|s| Job::IdleEvery(BEATING, band, s)));
            jobs.push(Job::IdleEvery(BEATING_2012, band, 1200));
            jobs.extend(POLLS.map(|s| Job::IdleEvery(POLLING, band, s)));
            jobs.extend(POLLS.map(|s| Job::PollEvery(band, s)));
        }
    }
    jobs
}

fn work(wish: &Wish, job: Job) -> Result<Done, String> {
    let (habits, seed) = (wish.habits, wish.seed);
    Ok(match job {
        Job::Starts(t) => Done::Starts(starts(t, seed)?),
        Job::Weight(t) => Done::Weight(weight(t, seed)?),
        Job::Idle(t, band) => Done::Idle(idle(t, band, habits, seed)?),
        Job::IdleEvery(t, band, s) => Done::Idle(idle(t, band, every(habits, s), seed)?),
        Job::Latency(t, band, outages) => Done::Latency(latency(t, band, outages, habits, seed, wish.messages)?),
        Job::PollEvery(band, s) => {
            Done::Latency(latency(POLLING, band, Outages::None, every(habits, s), seed, wish.messages)?)
        }
    })
}

/// Runs all of it. `progress` hears how many of how many runs are done.
///
/// # Errors
/// The first run that failed.
pub fn simulate(wish: &Wish, progress: impl Fn(usize, usize) + Sync) -> Result<(Vec<Simulated>, Intervals), String> {
    let jobs = jobs(wish);
    let (next, ready) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = Mutex::new(jobs.iter().map(|_| None).collect::<Vec<Option<Result<Done, String>>>>());
    std::thread::scope(|scope| {
        for _ in 0..wish.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(n) else { return };
                    let result = work(wish, *job);
                    if let Some(slot) = done.lock().unwrap_or_else(PoisonError::into_inner).get_mut(n) {
                        *slot = Some(result);
                    }
                    progress(ready.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let nothing = |t: &Transport| Simulated {
        transport: t.id().to_owned(),
        cold: Start::default(),
        warm: Start::default(),
        weight: Weight::default(),
        idle: Vec::new(),
        latency: Vec::new(),
    };
    let mut all: Vec<Simulated> = wish.transports.iter().map(nothing).collect();
    let mut intervals = Intervals::default();
    for (job, done) in jobs.iter().zip(done) {
        let done = done.unwrap_or_else(|| Err("a thread ended early".to_owned()))?;
        put(&mut all, &mut intervals, *job, done);
    }
    Ok((all, intervals))
}

fn put(all: &mut [Simulated], intervals: &mut Intervals, job: Job, done: Done) {
    let of = |t: Transport| move |s: &&mut Simulated| s.transport == t.id();
    match (job, done) {
        (Job::Starts(t), Done::Starts([cold, warm])) => {
            all.iter_mut().find(of(t)).into_iter().for_each(|s| (s.cold, s.warm) = (cold, warm));
        }
        (Job::Weight(t), Done::Weight(w)) => all.iter_mut().find(of(t)).into_iter().for_each(|s| s.weight = w),
        (Job::Idle(t, band), Done::Idle(i)) => {
            all.iter_mut().find(of(t)).into_iter().for_each(|s| s.idle.push((band.id.to_owned(), i.clone())));
        }
        (Job::Latency(t, band, o), Done::Latency(l)) => {
            let row = (band.id.to_owned(), o.id().to_owned(), l);
            all.iter_mut().find(of(t)).into_iter().for_each(|s| s.latency.push(row.clone()));
        }
        (Job::IdleEvery(t, band, _), Done::Idle(i)) => {
            intervals.idle.push((t.id().to_owned(), band.id.to_owned(), i));
        }
        (Job::PollEvery(band, s), Done::Latency(l)) => intervals.polls.push((band.id.to_owned(), s, l)),
        _ => (),
    }
}
