//! The stranger on real sockets, through TLS, ticket and carriage server.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use locospec::net::serve::{BATCH_MAX, Doors, Part, Setup, Threads, Unwrapper, serve};
use locospec::net::tls::{Authority, connector, server_name};
use locospec::net::{BoxStream, Clock, Network, Tcp};
use locospec::proto::command::Door;
use locospec::proto::entropy::Entropy;
use locospec::proto::secure::KeyRing;
use locospec::proto::server::{Config, Server};
use locospec::sim::clock::EPOCH;
use locospec::store;
use talk_loco_client::talk::stream::StreamCommand;

use super::{Failed, log_in, secs};

/// Our server on loopback, booking under TLS, and the stranger twice: as alice and as bob.
#[test]
fn on_real_sockets_two_strangers_talk() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(secs(60), two_strangers()).await? })
}

async fn two_strangers() -> Result<(), Failed> {
    let mut db = store::Database::in_memory()?;
    let mut unit = db.begin()?;
    store::World::default_world().seed(&mut unit, EPOCH)?;
    unit.commit()?;
    let authority = Authority::generate()?;
    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let doors = Doors::bind(&Tcp, &Door::ALL.map(|door| (door, loopback))).await?;
    let port = |door| doors.addr(door).map(|a| a.port()).ok_or("a door is not bound");
    let booking = port(Door::Booking)?;
    let config = Config { ticket_port: port(Door::Ticket)?, carriage_port: port(Door::Carriage)?, ..Config::default() };
    let setup = Setup {
        tls: Some(authority.acceptor()?),
        clock: Clock::system(),
        unwrapper: Unwrapper::Threads(Threads::new(KeyRing::test(), Entropy::named(1, "blinding"))),
        observer: None,
        pace: None,
        operator: None,
        batch: BATCH_MAX,
        part: Part::default(),
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::new(config, Entropy::named(1, "server"));
    let serving = tokio::spawn(async move {
        serve(Tcp, doors, server, db, setup, async {
            let _ = stopped.await;
        })
        .await
    });
    let tls = connector(authority.cert_pem())?;
    let dial = |door: Door, host: String, port: u16| {
        let tls = tls.clone();
        async move {
            if door != Door::Booking {
                return Tcp.connect(&host, port).await;
            }
            let tcp = Tcp.connect("127.0.0.1", booking).await?;
            Ok(Box::new(tls.connect(server_name("127.0.0.1")?, tcp).await?) as BoxStream)
        }
    };
    let alice = log_in(dial, 1001, "alice-token").await?;
    let mut bob = log_in(dial, 1002, "bob-token").await?;
    assert_eq!((alice.user_id, alice.rooms, bob.user_id, bob.rooms), (1001, 2, 1002, 2));
    assert_eq!(alice.open(7001).await?, (3, 0));
    let log = alice.say(7001, 5, "안녕 from a stranger").await?;
    assert_eq!(bob.hear().await?, (log, 1001, "안녕 from a stranger".to_owned()));
    let reply = bob.say(7001, 1, "hello back").await?;
    assert!(reply > log);
    assert_eq!(alice.history(7001, reply).await?, ["안녕 from a stranger", "hello back"]);
    let refused = log_in(dial, 1001, "a wrong token").await.err().map(|e| e.to_string());
    assert_eq!(refused.as_deref(), Some("request returned status -950"));
    drop(stop);
    let drained = async {
        loop {
            match bob.pushes.recv().await {
                Some(StreamCommand::SwitchServer) => return true,
                None => return false,
                _ => {}
            }
        }
    };
    assert!(drained.await, "bob is not told to move");
    serving.await??;
    Ok(())
}
