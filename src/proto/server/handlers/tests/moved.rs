//! Where BUY sends a client, before and after the carriage server has moved.

use super::{ALICE, Outcome, Rig};
use crate::proto::command::field::Body;
use crate::proto::command::{CommandId, Door, buy};
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::server::{ConnId, Input, Output, Server};
use crate::proto::time::Time;
use crate::proto::wire::{Deframer, Value, encode_packet};

/// Asks BUY on a new connection: the host and the port of the answer.
fn sent_to(server: &mut Server, conn: ConnId, rig: &mut Rig) -> Result<(String, i64), Box<dyn std::error::Error>> {
    let now = Time::from_secs(1_700_000_000);
    let ask = buy::Request { user_id: ALICE, os: "android", ..Default::default() };
    let mut bytes = Vec::new();
    encode_packet(&mut bytes, 1, CommandId::Buy.method(), |w| ask.encode(w));
    server.handle(Input::Accepted { conn, door: Door::Entry }, now, &mut rig.store)?;
    server.handle(Input::Bytes { conn, bytes: &bytes }, now, &mut rig.store)?;
    let mut deframer = Deframer::new(Limits::DEFAULT);
    while let Some(output) = server.poll_output() {
        if let Output::Transmit { bytes, .. } = output {
            deframer.push(&bytes).map_err(|e| e.to_string())?;
        }
    }
    let packet = deframer.next_packet().map_err(|e| e.to_string())?.ok_or("no answer")?;
    let reply = packet.document(&Limits::DEFAULT).map_err(|e| e.to_string())?;
    match (reply.get("host"), reply.integer("port")) {
        (Some(Value::String(host)), Some(port)) => Ok((host.to_owned(), port)),
        other => Err(format!("{other:?}").into()),
    }
}

#[test]
fn who_asks_is_sent_to_where_the_carriage_server_is_now() -> Outcome {
    let mut rig = Rig::new();
    rig.config.carriage_port = 9282;
    let mut server = Server::new(rig.config.clone(), Entropy::named(1, "server"));
    assert_eq!(sent_to(&mut server, 1, &mut rig)?, ("127.0.0.1".to_owned(), 9282));
    for (conn, host, port) in [(2, "carriage-b", 9283), (3, "carriage-a", 1)] {
        server.handle(Input::Carriage { host, port }, Time::from_secs(1_700_000_000), &mut rig.store)?;
        assert_eq!(sent_to(&mut server, conn, &mut rig)?, (host.to_owned(), i64::from(port)));
    }
    assert_eq!(server.config().host, "127.0.0.1", "its own host is another matter");
    Ok(())
}
