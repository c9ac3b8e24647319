//! One connection of the judge on a real socket: what comes is handed on by a task, what goes is written at once.

use core::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::target::{Conn, Happening};
use crate::net::BoxStream;
use crate::spec::format::step::Finish;

/// How long a connect, a TLS handshake, or one write may take.
pub(super) const STEP_WITHIN: Duration = Duration::from_secs(10);
/// Bytes that one read takes at most.
const READ_MAX: usize = 16 << 10;

/// The judge's end of a connection. Its reader ends with it.
#[derive(Debug)]
pub(super) struct Link {
    write: Write,
    reader: AbortHandle,
}

enum Write {
    Plain(OwnedWriteHalf),
    Tls(WriteHalf<BoxStream>),
}

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Plain(_)) { "Plain" } else { "Tls" })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Link {
    /// A connection without TLS. What comes goes to `inbox`, under this name.
    pub(super) fn plain<E>(conn: Conn, stream: TcpStream, inbox: mpsc::UnboundedSender<E>) -> Self
    where
        E: From<Happening> + Send + 'static,
    {
        let (read, write) = stream.into_split();
        Self { write: Write::Plain(write), reader: tokio::spawn(reader(conn, read, inbox)).abort_handle() }
    }

    /// A connection with TLS around it.
    pub(super) fn tls<E>(conn: Conn, stream: BoxStream, inbox: mpsc::UnboundedSender<E>) -> Self
    where
        E: From<Happening> + Send + 'static,
    {
        let (read, write) = split(stream);
        Self { write: Write::Tls(write), reader: tokio::spawn(reader(conn, read, inbox)).abort_handle() }
    }

    /// Writes all of it. A peer that has closed makes writing fail; that it has closed is heard by the reader.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let all = async {
            match &mut self.write {
                Write::Plain(w) => w.write_all(bytes).await,
                Write::Tls(w) => {
                    w.write_all(bytes).await?;
                    w.flush().await
                }
            }
        };
        let _ = timeout(STEP_WITHIN, all).await;
    }

    /// Ends the judge's side; gives the link back while the other side stands.
    pub(super) async fn finish(mut self, how: Finish) -> Option<Self> {
        match (how, &mut self.write) {
            (Finish::Write, Write::Plain(w)) => drop(w.shutdown().await),
            (Finish::Write, Write::Tls(w)) => drop(w.shutdown().await),
            (Finish::Both, _) => return None,
            (Finish::Reset, Write::Plain(w)) => {
                let _ = w.as_ref().set_zero_linger();
                return None;
            }
            (Finish::Reset, Write::Tls(_)) => return None,
        }
        Some(self)
    }
}

/// Hands on what comes until there is no more.
async fn reader<E: From<Happening>>(conn: Conn, mut stream: impl AsyncRead + Unpin, inbox: mpsc::UnboundedSender<E>) {
    let mut buffer = vec![0; READ_MAX];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        let bytes = buffer.get(..n).unwrap_or_default().to_vec();
        if inbox.send(Happening::Bytes(conn, bytes).into()).is_err() {
            return;
        }
    }
    let _ = inbox.send(Happening::Closed(conn).into());
}
