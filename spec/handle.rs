//! The client to program against, on real sockets: typed calls, many at once, cancelled and lost ones.

use std::sync::Arc;
use std::time::Duration;

use locospec::net::clock::{Clock, system_entropy};
use locospec::net::connect::Setup;
use locospec::net::handle::{CallError, Events, Handle, start};
use locospec::net::{Network, Tcp};
use locospec::proto::client::{Client, ClientConfig, Endpoint, Event, Failure};
use locospec::proto::command::{chatonroom, notiread, ping, status, syncmsg, write};
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, KeyRing};
use locospec::proto::wire::Method;
use tokio::time::timeout;

use crate::house::{House, PATIENCE, house};

const ALICE: i64 = 1001;
const BOB: i64 = 1002;
const ROOM: i64 = 7000;

type Tested = Result<(), Box<dyn std::error::Error>>;

fn config(booking: std::net::SocketAddr, user_id: i64, token: &str) -> ClientConfig {
    let keys = Arc::new(KeyRing::test().public_ring());
    let first = Endpoint::new(booking.ip().to_string(), booking.port());
    let mut config = ClientConfig::new(Era::E2025, user_id, token, first, keys);
    config.booking_tls = false;
    config
}

fn client(config: ClientConfig) -> std::io::Result<(Handle, Events)> {
    let setup = Setup { clock: Clock::system(), tls: None };
    Ok(start(Tcp, Client::new(config, system_entropy()?), setup, None))
}

async fn logged_in(house: &House, user_id: i64, token: &str) -> Result<(Handle, Events), Box<dyn std::error::Error>> {
    let (handle, events) = client(config(house.booking, user_id, token))?;
    assert_eq!(timeout(PATIENCE, handle.login()).await??, user_id);
    Ok((handle, events))
}

fn text(msg: &str) -> write::Request<'_> {
    write::Request { chat_id: ROOM, kind: 1, msg: Some(msg), ..Default::default() }
}

/// The text of the next message that is told.
async fn next_text(events: &mut Events) -> Option<String> {
    while let Ok(Some(event)) = timeout(PATIENCE, events.recv()).await {
        if let Event::Message(m) = event {
            return Some(m.text);
        }
    }
    None
}

#[tokio::test]
async fn a_reply_is_typed_by_its_call_and_outlives_it() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, _events) = logged_in(&house, ALICE, "alice-token").await?;
    let (_bob, mut heard) = logged_in(&house, BOB, "bob-token").await?;
    let reply = {
        let words = String::from("typed");
        alice.call(&text(&words)).await?
    };
    let written = reply.accepted()?;
    assert_eq!((reply.status(), written.chat_id, written.prev_id), (0, ROOM, 0));
    assert_eq!(next_text(&mut heard).await.as_deref(), Some("typed"));
    let room = alice.call(&chatonroom::Request { chat_id: ROOM, ..Default::default() }).await?;
    assert_eq!(room.body()?.last_log_id, written.log_id);
    let log_id = alice.send(ROOM, "kept").await?;
    let logs = alice.call(&syncmsg::Request { chat_id: ROOM, cur: 0, max: log_id, cnt: None }).await?;
    let texts: Vec<_> = logs.body()?.chat_logs.unwrap_or_default().iter().filter_map(|l| l.message).collect();
    assert_eq!(texts, ["typed", "kept"]);
    drop((alice, _bob));
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_a_reply_with_its_status() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, _events) = logged_in(&house, ALICE, "alice-token").await?;
    let refused = alice.call(&notiread::Request { chat_id: 1, watermark: 1, ..Default::default() }).await?;
    assert_eq!(refused.status(), status::NO_SUCH_ROOM);
    assert_eq!(refused.accepted().err(), Some(CallError::Refused(status::NO_SUCH_ROOM)));
    let (status, _) = alice.ask(Method::new("NOSUCH")?, Vec::new()).await?;
    assert_eq!(status, status::UNKNOWN_METHOD);
    assert_eq!(alice.send(1, "to nobody").await.err(), Some(CallError::Ended(Failure::Status(status::NO_SUCH_ROOM))));
    drop(alice);
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn many_calls_at_once_each_find_their_own_reply() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, events) = logged_in(&house, ALICE, "alice-token").await?;
    drop(events);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let alice = alice.clone();
        tasks.spawn(async move {
            let words = format!("message {n}");
            let log_id = alice.call(&text(&words)).await?.accepted()?.log_id;
            let logs = alice.call(&syncmsg::Request { chat_id: ROOM, cur: log_id - 1, max: log_id, cnt: None }).await?;
            let found = logs.accepted()?.chat_logs.unwrap_or_default().first().and_then(|l| l.message) == Some(&words);
            Ok::<_, CallError>(found)
        });
    }
    let outcomes = timeout(PATIENCE, tasks.join_all()).await?;
    assert_eq!(outcomes.len(), 200);
    assert!(outcomes.iter().all(|found| *found == Ok(true)), "{outcomes:?}");
    assert_eq!(alice.open().await?, 0);
    drop(alice);
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_leaves_nothing_behind() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, mut events) = logged_in(&house, ALICE, "alice-token").await?;
    for _ in 0..50 {
        let words = text("given up");
        tokio::select! {
            biased;
            early = alice.call(&words) => panic!("a reply before anything could be sent: {early:?}"),
            () = std::future::ready(()) => (),
        }
    }
    assert!(alice.open().await? > 0, "they are under way");
    let answered = async {
        while alice.open().await? > 0 {
            alice.call(&ping::Request {}).await?;
        }
        Ok::<_, CallError>(())
    };
    timeout(PATIENCE, answered).await??;
    while let Some(event) = events.try_recv() {
        assert!(!matches!(event, Event::Reply { .. } | Event::RequestEnded { .. }), "{event:?}");
    }
    drop(alice);
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn calls_end_when_the_connection_or_the_client_does() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, mut events) = client(config(house.booking, ALICE, "alice-token"))?;
    assert_eq!(alice.call(&ping::Request {}).await.err(), Some(CallError::Ended(Failure::NotLoggedOn)));
    alice.login().await?;
    house.close().await;
    let ended = async {
        loop {
            match alice.call(&ping::Request {}).await {
                Ok(_) => (),
                Err(e) => return e,
            }
        }
    };
    let ended = timeout(PATIENCE, ended).await?;
    let named = [Failure::Disconnected, Failure::NotLoggedOn].map(CallError::Ended);
    assert!(named.contains(&ended), "{ended}");
    drop(alice);
    while timeout(PATIENCE, events.recv()).await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_wrong_token_ends_the_login() -> Tested {
    let house = house(Limits::DEFAULT).await?;
    let (alice, _events) = client(config(house.booking, ALICE, "wrong"))?;
    let refused = timeout(PATIENCE, alice.login()).await?;
    assert_eq!(refused.err(), Some(CallError::LoginRefused(status::BAD_TOKEN)));
    drop(alice);
    house.close().await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_a_message() -> Tested {
    let mut silent = Tcp.bind(([127, 0, 0, 1], 0).into()).await?;
    let booking = Tcp.local_addr(&silent)?;
    let (alice, _events) = client(config(booking, ALICE, "alice-token"))?;
    let login = timeout(Duration::from_millis(200), alice.login());
    let (login, _stream) = tokio::join!(login, Tcp.accept(&mut silent));
    assert!(login.is_err(), "it goes on trying");
    assert!(timeout(Duration::from_millis(50), alice.send(ROOM, "waits")).await.is_err());
    assert_eq!((alice.open().await?, alice.look(Client::outbox_len).await?), (1, 1));
    Ok(())
}
