//! Somebody else's client, the crates `talk-loco-client` and `futures-loco-protocol`, unchanged: it logs in at our
//! server and talks with our client, in the simulated network under hold and partition, and on real sockets.
//!
//! Its session keys, the padding around them and every IV come from `rand::thread_rng` inside its two crates, which take
//! neither a key nor a generator; a stream of our own with seeded keys would leave out the very code that is a
//! stranger's. So a run with it has no trace to compare; what it is told and when is compared instead.

mod among;
mod socket;

use std::error::Error;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_loco_protocol::LocoClient;
use futures_loco_protocol::secure::LocoSecureStream;
use futures_loco_protocol::secure::rsa::RsaPublicKey;
use futures_loco_protocol::secure::rsa::pkcs8::DecodePublicKey;
use futures_loco_protocol::session::LocoSession;
use futures_util::StreamExt;
use locospec::net::{BoxStream, Network};
use locospec::proto::client::Action;
use locospec::proto::command::Door;
use locospec::proto::secure::KeyRing;
use locospec::sim::scenario::Scenario;
use locospec::sim::server::HOST;
use locospec::sim::world::{ROOM_BASE, World};
use talk_loco_client::client::booking::{BookingClient, GetConfReq};
use talk_loco_client::client::checkin::{CheckinClient, CheckinReq};
use talk_loco_client::talk::session::channel::write;
use talk_loco_client::talk::session::{TalkSession, load_channel_list, login};
use talk_loco_client::talk::stream::StreamCommand;
use tokio::sync::mpsc;
use tokio_util::compat::TokioAsyncReadCompatExt;

type Failed = Box<dyn Error>;

/// The stranger after its login.
struct Stranger {
    session: LocoSession,
    pushes: mpsc::UnboundedReceiver<StreamCommand>,
    user_id: i64,
    rooms: usize,
}

/// Walks through every door. `dial` opens a connection to a door whose host and port the door before has named.
async fn log_in<D, F>(dial: D, user_id: i64, token: &str) -> Result<Stranger, Failed>
where
    D: Fn(Door, String, u16) -> F,
    F: Future<Output = io::Result<BoxStream>>,
{
    let rsa = || -> Result<RsaPublicKey, Failed> {
        Ok(RsaPublicKey::from_public_key_pem(&KeyRing::test().public_ring().modern.to_pem()?)?)
    };
    let stream = dial(Door::Booking, String::new(), 0).await?;
    let mut booking = BookingClient::new(LocoClient::new(stream.compat()));
    let conf = booking.get_conf(&GetConfReq { mccmnc: "999", os: "win32", model: "" }).await?;
    drop(booking);
    let host = conf.ticket.lsl.first().ok_or("no ticket host")?.clone();
    let port = u16::try_from(*conf.wifi.ports.first().ok_or("no port")?)?;
    let stream = dial(Door::Ticket, host, port).await?;
    let mut ticket = CheckinClient::new(LocoClient::new(LocoSecureStream::new(rsa()?, stream.compat())));
    let checkin = ticket
        .checkin(&CheckinReq {
            user_id,
            os: "win32",
            net_type: 0,
            app_version: "3.4.2",
            mccmnc: "999",
            language: "ko",
            country_iso: "KR",
            use_sub: true,
        })
        .await?;
    drop(ticket);
    let stream = dial(Door::Carriage, checkin.host, u16::try_from(checkin.port)?).await?;
    let client = LocoClient::new(LocoSecureStream::new(rsa()?, stream.compat()));
    let (session, mut stream) = LocoSession::new(client);
    let (tell, pushes) = mpsc::unbounded_channel();
    // Its requests are written and answered only while somebody polls its stream.
    tokio::spawn(async move {
        while let Some(Ok(command)) = stream.next().await {
            let Ok(push) = StreamCommand::deserialize_from(command) else { continue };
            if tell.send(push).is_err() {
                return;
            }
        }
    });
    let request = login::Request {
        os: "win32",
        net_type: 0,
        app_version: "3.4.2",
        mccmnc: "999",
        protocol_version: "1.0",
        device_uuid: "stranger",
        oauth_token: token,
        language: "ko",
        device_type: Some(2),
        revision: Some(0),
        rp: [0, 0, 0xff, 0xff, 0, 0],
        pc_status: None,
        chat_list: load_channel_list::Request { chat_ids: &[], max_ids: &[], last_token_id: 0, last_chat_id: None },
        last_block_token: 0,
        background: Some(false),
    };
    let (user_id, rooms) = list(&session, request).await?;
    Ok(Stranger { session, pushes, user_id, rooms })
}

/// Logs in and fetches the list of rooms, page by page: the user, and how many rooms.
async fn list(session: &LocoSession, request: login::Request<'_>) -> Result<(i64, usize), Failed> {
    let (reply, more) = TalkSession(session).login(request).await?;
    let (user_id, mut rooms) = (reply.user_id, reply.chat_list.chat_datas.len());
    if let Some(more) = more {
        let mut more = std::pin::pin!(more);
        while let Some(page) = more.next().await {
            rooms += page?.chat_datas.len();
        }
    }
    Ok((user_id, rooms))
}

impl Stranger {
    async fn say(&self, room: i64, msg_id: i64, text: &str) -> Result<i64, Failed> {
        let request = write::Request {
            chat_type: 1,
            msg_id,
            message: Some(text),
            no_seen: false,
            attachment: None,
            supplement: None,
        };
        let reply = TalkSession(&self.session).channel(room).write_chat(&request).await?;
        assert_eq!((reply.chat_id, reply.msg_id), (room, msg_id));
        Ok(reply.log_id)
    }

    /// The next message that is pushed; other pushes are passed over.
    async fn hear(&mut self) -> Result<(i64, i64, String), Failed> {
        loop {
            if let StreamCommand::Chat(msg) = self.pushes.recv().await.ok_or("the session is over")? {
                let log = msg.chatlog;
                return Ok((log.log_id, log.author_id, log.chat.content.message.unwrap_or_default()));
            }
        }
    }

    /// Opens a room: its members, and its last message.
    async fn open(&self, room: i64) -> Result<(usize, i64), Failed> {
        let channel = TalkSession(&self.session).channel(room);
        let (info, on) = (channel.info().await?, channel.chat_on(None).await?);
        assert_eq!(info.last_log_id, on.last_log_id);
        Ok((usize::try_from(info.active_member_count)?, on.last_log_id))
    }

    /// All messages of a room, by SYNCMSG.
    async fn history(&self, room: i64, up_to: i64) -> Result<Vec<String>, Failed> {
        let pages = TalkSession(&self.session).channel(room).sync_chat_stream(0, up_to, 300);
        let mut pages = std::pin::pin!(pages);
        let mut texts = Vec::new();
        while let Some(page) = pages.next().await {
            texts.extend(page?.into_iter().map(|log| log.chat.content.message.unwrap_or_default()));
        }
        Ok(texts)
    }
}

/// What the stranger tells the test, with the time.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<(Duration, String)>>>);

impl Diary {
    fn write(&self, at: Duration, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, what.into()));
    }

    fn all(&self) -> Vec<(Duration, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When something was written, whose text begins so.
    fn when(&self, what: &str) -> Option<Duration> {
        self.all().into_iter().find(|(_, text)| text.starts_with(what)).map(|(at, _)| at)
    }
}

/// A calm world with our clients u1 and u2, two rooms, and time for a stranger.
fn world() -> Result<World, Failed> {
    let text = r#"
format: locospec-scenario/1
title: a stranger's client
seed: 77
era: "2025"
world: {carriages: 1, client_hosts: 1, users: 3, devices_per_user: 1, rooms: 5, tick: 10ms, latency: [2ms, 40ms], commit: [0ms, 20ms], heartbeat: 5s}
workload: {actions: 0, mix: {}, text_max: 64}
heal_at: 60s
"#;
    Ok(World::new(&Scenario::parse("stranger.yaml", text)?)?)
}

const GUEST: &str = "stranger";
/// u3, whose phone is away: the stranger is its second device.
const U3: i64 = 1003;

/// Logs the stranger in, and lets it live its life there.
fn invite<F>(world: &mut World, diary: &Diary, life: impl FnOnce(Stranger, Diary) -> F + 'static)
where
    F: Future<Output = Result<(), Failed>> + 'static,
{
    let (owner, diary, clock): (Arc<str>, _, _) = (GUEST.into(), diary.clone(), world.clock.clone());
    let (net, first) = (world.network(&owner, Some(&owner)), HOST.to_owned());
    world.guest(GUEST, async move {
        let dial = |door: Door, host: String, port: u16| {
            let (net, first) = (net.clone(), first.clone());
            async move {
                let host = if door == Door::Booking { first } else { host };
                let port = if door == Door::Booking { locospec::sim::net::port::BOOKING } else { port };
                net.connect(&host, port).await
            }
        };
        let stranger = log_in(dial, U3, "u3-token").await.map_err(|e| e.to_string())?;
        diary.write(clock.elapsed(), format!("in as {} with {} rooms", stranger.user_id, stranger.rooms));
        if let Err(e) = life(stranger, diary.clone()).await {
            diary.write(clock.elapsed(), format!("over: {e}"));
        }
        std::future::pending().await
    });
}

/// The server's connections, and how many it has closed for silence.
fn connections(world: &World) -> (usize, u64) {
    let watch = world.watch();
    (watch.connections(), watch.closes().idle)
}

/// Steps to this time.
fn run_to(world: &mut World, at: Duration) {
    while world.elapsed() < at {
        world.step();
    }
}

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn in_a_hold_a_stranger_notices_nothing_but_delay() -> Result<(), Failed> {
    let (mut world, diary) = (world()?, Diary::default());
    let clock = world.clock.clone();
    for text in ["a stranger's first", "a stranger's second"] {
        world.model.expect(ROOM_BASE, U3, text);
    }
    invite(&mut world, &diary, move |mut me, diary| async move {
        let (members, _) = me.open(ROOM_BASE).await?;
        diary.write(clock.elapsed(), format!("open with {members}"));
        me.say(ROOM_BASE, 1, "a stranger's first").await?;
        diary.write(clock.elapsed(), "said the first");
        TalkSession(&me.session).set_status(1).await?;
        TalkSession(&me.session).ping().await?;
        let (_, author, text) = me.hear().await?;
        diary.write(clock.elapsed(), format!("heard {author}: {text}"));
        // In the hold, that begins at 5 s.
        tokio::time::sleep(secs(6).saturating_sub(clock.elapsed())).await;
        diary.write(clock.elapsed(), "says the second");
        let last = me.say(ROOM_BASE, 2, "a stranger's second").await?;
        diary.write(clock.elapsed(), "said the second");
        let (log, author, _) = me.hear().await?;
        diary.write(clock.elapsed(), format!("heard again {author}"));
        let history = me.history(ROOM_BASE, log.max(last)).await?;
        diary.write(clock.elapsed(), format!("history {}", history.join("|")));
        TalkSession(&me.session).ping().await?;
        diary.write(clock.elapsed(), "still there");
        Ok(())
    });
    world.act(0, Action::Login);
    world.act(1, Action::Login);
    run_to(&mut world, secs(4));
    let ours = world.model.write(0, ROOM_BASE, 10).ok_or("no client")?;
    world.act(0, ours);
    run_to(&mut world, secs(5));
    world.links.change(&world.sim, GUEST, |l| l.held += 1);
    run_to(&mut world, secs(7));
    let ours = world.model.write(1, ROOM_BASE, 10).ok_or("no client")?;
    world.act(1, ours);
    run_to(&mut world, secs(12));
    assert_eq!(diary.when("said the second"), None, "the hold holds nothing: {:?}", diary.all());
    world.links.change(&world.sim, GUEST, |l| l.held -= 1);
    run_to(&mut world, secs(14));

    let all = diary.all();
    assert!(diary.when("in as 1003 with ").is_some() && diary.when("open with 3").is_some(), "{all:?}");
    assert!(diary.when("said the first").is_some_and(|at| at < secs(4)), "{all:?}");
    assert!(diary.when("heard 1001: u1/main says 1").is_some_and(|at| at < secs(5)), "{all:?}");
    assert!(diary.when("says the second").is_some_and(|at| at < secs(7)), "{all:?}");
    assert!(diary.when("said the second").is_some_and(|at| at >= secs(12)), "{all:?}");
    assert!(diary.when("heard again 1002").is_some_and(|at| at >= secs(12)), "{all:?}");
    let history = all.iter().find_map(|(_, t)| t.strip_prefix("history ")).unwrap_or_default();
    let authors: Vec<_> = history.split('|').map(|t| t.split_once(" says").map_or(t, |(who, _)| who)).collect();
    assert_eq!(authors, ["a stranger's first", "u1/main", "u2/main", "a stranger's second"], "{all:?}");
    assert!(diary.when("still there").is_some() && diary.when("over").is_none(), "{all:?}");
    assert!(world.control.bites().held_writes > 0);
    assert!(world.court.is_clean(), "{:?}", world.court.found());
    Ok(())
}

#[test]
fn in_a_partition_a_stranger_hangs_until_our_timeout_ends_it() -> Result<(), Failed> {
    let (mut world, diary) = (world()?, Diary::default());
    let clock = world.clock.clone();
    invite(&mut world, &diary, move |me, diary| async move {
        TalkSession(&me.session).ping().await?;
        tokio::time::sleep(secs(4)).await;
        diary.write(clock.elapsed(), "asks");
        TalkSession(&me.session).ping().await?;
        diary.write(clock.elapsed(), "is answered");
        Ok(())
    });
    run_to(&mut world, secs(3));
    assert_eq!(world.watch().sessions().get(GUEST), Some(&1));
    assert!(diary.when("in as 1003").is_some(), "{:?}", diary.all());
    let before = world.watch().connections();
    world.links.change(&world.sim, GUEST, |l| l.dark += 1);
    // It was heard last within the first two seconds.
    let idle = world.timing.idle_after;
    run_to(&mut world, idle);
    assert_eq!(connections(&world), (before, 0), "cut off too early");
    run_to(&mut world, secs(3) + idle + secs(8));
    assert_eq!(connections(&world), (before - 1, 1), "never cut off");
    world.links.change(&world.sim, GUEST, |l| l.dark -= 1);
    run_to(&mut world, secs(60));
    let all = diary.all();
    assert!(diary.when("asks").is_some(), "{all:?}");
    assert!(diary.when("is answered").is_none(), "nothing is sent again after a partition: {all:?}");
    assert!(world.control.bites().partition_writes > 0);
    Ok(())
}
