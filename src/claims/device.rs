//! A device of a user, whatever it speaks: log in, send, hear, beat, hang up.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::sync::mpsc;

/// Something that is done in a while.
pub type Doing<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// One device. It reconnects by itself, and sends again what was not acknowledged.
pub trait Device: Send {
    /// Connects and says who we are; ready when news of the room will come.
    fn login(&self) -> Doing<()>;

    /// Sends a text into the room, as soon as it is awaited; ready when the server has acknowledged it.
    fn send(&self, text: String) -> Doing<()>;

    /// One heartbeat, or one question for news: ready when it is answered.
    fn beat(&self) -> Doing<()>;

    /// Ends the connection; the next login makes a new one, and knows what the device has learnt.
    fn hang_up(&self) -> Doing<()>;
}

/// Texts of others, as they come.
pub type Heard = mpsc::UnboundedReceiver<String>;

/// The device is gone.
pub(super) fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the device has ended")
}
