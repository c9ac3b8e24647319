//! What a server is compared with: handshake, then every packet back as it came, one write for all of one read.

use locospec::proto::entropy::Entropy;
use locospec::proto::secure::{Handshake, KeyRing, unwrap};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::line::Line;
use crate::report::Failure;

/// Echoes until it is killed.
pub fn run() -> Result<(), Failure> {
    super::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", serde_json::json!({ "carriage": listener.local_addr()?.to_string() }));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A connection that fails is the load's to report.
            tokio::spawn(async move { one(stream).await });
        }
    })
}

async fn one(mut stream: TcpStream) -> Result<(), Failure> {
    let (mut early, mut entropy) = (Vec::new(), Entropy::named(0, "echo"));
    let (handshake, used) = loop {
        if let Some(found) = Handshake::decode(&early)? {
            break found;
        }
        if stream.read_buf(&mut early).await? == 0 {
            return Ok(());
        }
    };
    let key = unwrap(handshake.era, handshake.wrapped.as_bytes(), &KeyRing::test(), &mut entropy);
    let mut line = Line::new(stream, handshake.era, &key, entropy.fork());
    line.opener.push(early.get(used..).unwrap_or_default(), line.deframer.buffer_mut())?;
    let mut back = Vec::new();
    // What came right behind the handshake is in the deframer already.
    loop {
        while let Some(packet) = line.deframer.next_packet()? {
            back.clear();
            back.extend_from_slice(&packet.header.encode());
            back.extend_from_slice(packet.body);
            line.sealer.seal(&back, &mut line.sealed);
        }
        line.flush().await?;
        if !line.receive().await? {
            return Ok(());
        }
    }
}
