//! The shell: moves bytes, reads clocks, draws entropy. It decides nothing.
//!
//! The drivers are written once, over [`Network`]: on real sockets it is [`Tcp`], in the simulator it is turmoil with
//! faults on every stream. The machines that they drive are in `proto`.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`clock`] | the one reader of the wall clock and of the system's entropy |
//! | `alarm` | a deadline that moves |
//! | [`tls`] | our own CA, and both ends of the TLS of booking |
//! | `rsa` | RSA by aws-lc, where that feature is on |
//! | [`serve`] | the driver of `proto::server`: one task decides, two a connection move bytes |
//! | [`connect`] | the driver of `proto::client` |
//! | [`media`] | files up and down, over as many connections as it takes |
//! | [`handle`] | the same with typed calls: ask and await, many at once |

mod alarm;
pub mod clock;
pub mod connect;
pub mod handle;
pub mod media;
#[cfg(feature = "aws-lc")]
pub mod rsa;
pub mod serve;
pub mod tls;

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

pub use clock::Clock;

/// A byte stream, whatever is below.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// A boxed [`Stream`]: TLS or not is the same to the drivers.
pub type BoxStream = Box<dyn Stream>;

/// Where connections come from and go to.
pub trait Network: Clone + Send + Sync + 'static {
    /// A bound port.
    type Listener: Send + 'static;

    /// Whether the server writes what a stream takes at once from where it decides. Else each connection has it written
    /// by a task of its own, so that every write has its turn among what happens: the simulator's traces are of that.
    const WRITES_AT_ONCE: bool = false;

    /// Binds a port; port 0 takes a free one.
    fn bind(&self, addr: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// The port that was bound.
    ///
    /// # Errors
    /// The system does not say.
    fn local_addr(&self, listener: &Self::Listener) -> io::Result<SocketAddr>;

    /// The next connection.
    fn accept(&self, listener: &mut Self::Listener) -> impl Future<Output = io::Result<BoxStream>> + Send;

    /// Connects by name or address.
    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<BoxStream>> + Send;
}

/// Real sockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Network for Tcp {
    type Listener = TcpListener;

    const WRITES_AT_ONCE: bool = true;

    async fn bind(&self, addr: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(addr).await
    }

    fn local_addr(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<BoxStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxStream> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

/// Bytes that one read takes at most.
const READ_MAX: usize = 16 << 10;

/// Has the task of `cx` woken through `waker`.
pub(crate) fn remember(waker: &mut Option<Waker>, cx: &Context<'_>) {
    if !waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
        *waker = Some(cx.waker().clone());
    }
}

/// Gives what `keep` makes of the bytes that are there; nothing at the end of the stream, or when it fails.
///
/// They are read into the stack, which costs a waiting connection no memory: a read that has to wait leaves nothing.
fn poll_read_some<T>(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    keep: impl FnOnce(&[u8]) -> T,
) -> Poll<Option<T>> {
    let mut room = [const { MaybeUninit::<u8>::uninit() }; READ_MAX];
    let mut buffer = ReadBuf::uninit(&mut room);
    match Pin::new(stream).poll_read(cx, &mut buffer) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Err(_)) => Poll::Ready(None),
        Poll::Ready(Ok(())) => Poll::Ready((!buffer.filled().is_empty()).then(|| keep(buffer.filled()))),
    }
}
