//! The driver of `proto::client::media`: files up and down, over as many connections as it takes.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt, ReadHalf};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::{BoxStream, Clock, Network, poll_read_some};
use crate::proto::client::Endpoint;
use crate::proto::client::media::{
    Download, Job, MediaClient, MediaConfig, MediaEvent, MediaFailure, MediaInput, MediaOutput, Upload,
};
use crate::proto::entropy::Entropy;
use crate::proto::server::hash::FileHash;

/// Connections in a row that bring nothing before it gives up.
const TRIES: u32 = 5;
/// The wait before the second of them; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(200);
/// Reads that may wait for the machine.
const INBOX_MAX: usize = 16;

/// The way to a media server.
#[derive(Debug)]
pub struct Way<N> {
    /// The network.
    pub net: N,
    /// Where SHIP or GETTRAILER has sent us.
    pub endpoint: Endpoint,
    /// Time.
    pub clock: Clock,
    /// Who we are.
    pub config: MediaConfig,
    /// Keys and IVs come from it.
    pub entropy: Entropy,
}

/// Why a file is not there.
#[derive(Debug)]
pub enum MediaError {
    /// The server, or the connection to it, after the last try.
    Failed(MediaFailure),
    /// Our own file.
    File(io::Error),
    /// The bytes that came are not those that were announced.
    Wrong {
        /// Size and SHA-1 that were announced, where they were.
        expected: (Option<i64>, Option<String>),
        /// Size and SHA-1 of what came.
        came: (i64, String),
    },
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => why.fmt(f),
            Self::File(e) => write!(f, "the file: {e}"),
            Self::Wrong { expected, came } => write!(f, "the file has {came:?}, not {expected:?}"),
        }
    }
}

impl std::error::Error for MediaError {}

/// What has become of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The message, 0 for the file of an album.
    pub log_id: i64,
    /// What hangs on it.
    pub attachment: String,
}

/// What has come down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes.
    pub size: i64,
    /// Their SHA-1 in lower case hex.
    pub checksum: String,
}

/// Sends `file`, and comes back as often as the connection breaks. `progress` hears how many bytes of how many are
/// through.
///
/// # Errors
/// A refusal, a file that cannot be read, or several connections in a row that brought nothing.
pub async fn upload<N: Network, F: AsyncRead + AsyncSeek + Send + Unpin>(
    way: &mut Way<N>,
    job: &Upload,
    file: &mut F,
    mut progress: impl FnMut(i64, i64) + Send,
) -> Result<Uploaded, MediaError> {
    let (mut best, mut tries) = (-1, 0);
    loop {
        let mut local = Source(file);
        let tell = |done, size| progress(done, size);
        let (end, reached) = one_connection(way, Job::Upload(job.clone()), &mut local, tell).await?;
        match end {
            MediaEvent::Uploaded { log_id, attachment } => return Ok(Uploaded { log_id, attachment }),
            MediaEvent::Failed(why) => again(why, reached, &mut best, &mut tries).await?,
            _ => return Err(MediaError::Failed(MediaFailure::OutOfRange)),
        }
    }
}

/// Gets a file into `out`, from its first byte, and comes back as often as the connection breaks. What came must have
/// the `size` and the SHA-1 (`checksum`, in hex) that the message said, where they are known.
///
/// # Errors
/// A refusal, other bytes than announced, a file that cannot be written, or several connections in a row that brought
/// nothing.
//= MEDIA-CLIENT-2
pub async fn download<N: Network, W: AsyncWrite + Send + Unpin>(
    way: &mut Way<N>,
    job: &Download,
    (size, checksum): (Option<i64>, Option<&str>),
    out: &mut W,
    mut progress: impl FnMut(i64, i64) + Send,
) -> Result<Downloaded, MediaError> {
    let (mut best, mut tries) = (-1, 0);
    let mut local = Sink { out, hash: FileHash::default(), written: 0 };
    loop {
        let job = Download { offset: local.written, ..job.clone() };
        let tell = |done, size| progress(done, size);
        let (end, _) = one_connection(way, Job::Download(job), &mut local, tell).await?;
        match end {
            MediaEvent::Downloaded { .. } => break,
            MediaEvent::Failed(why) => again(why, local.written, &mut best, &mut tries).await?,
            _ => return Err(MediaError::Failed(MediaFailure::OutOfRange)),
        }
    }
    local.out.flush().await.map_err(MediaError::File)?;
    let came = (local.written, local.hash.checksum());
    let right = size.is_none_or(|s| s == came.0) && checksum.is_none_or(|c| c.eq_ignore_ascii_case(&came.1));
    if !right {
        return Err(MediaError::Wrong { expected: (size, checksum.map(str::to_owned)), came });
    }
    Ok(Downloaded { size: came.0, checksum: came.1 })
}

/// Waits before the next try, or gives up. A connection that brought something does not count.
async fn again(why: MediaFailure, reached: i64, best: &mut i64, tries: &mut u32) -> Result<(), MediaError> {
    if reached > *best {
        (*best, *tries) = (reached, 0);
    }
    *tries += 1;
    if !why.is_passing() || *tries >= TRIES {
        return Err(MediaError::Failed(why));
    }
    tokio::time::sleep(PAUSE * 2u32.pow(*tries - 1)).await;
    Ok(())
}

/// Our side of the file.
trait Local {
    fn read(&mut self, at: i64, len: usize) -> impl Future<Output = io::Result<Vec<u8>>> + Send;
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

struct Source<'a, F>(&'a mut F);

impl<F: AsyncRead + AsyncSeek + Send + Unpin> Local for Source<'_, F> {
    async fn read(&mut self, at: i64, len: usize) -> io::Result<Vec<u8>> {
        self.0.seek(SeekFrom::Start(u64::try_from(at).unwrap_or_default())).await?;
        let mut bytes = Vec::with_capacity(len);
        (&mut *self.0).take(len as u64).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

struct Sink<'a, W> {
    out: &'a mut W,
    hash: FileHash,
    written: i64,
}

impl<W: AsyncWrite + Send + Unpin> Local for Sink<'_, W> {
    async fn read(&mut self, _: i64, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes).await?;
        self.hash.update(bytes);
        self.written += bytes.len() as i64;
        Ok(())
    }
}

enum Arrived {
    Bytes(Vec<u8>),
    End,
}

/// Stops reading when nobody drives any more.
struct Reader(AbortHandle);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads to the end and hands on what comes, then says that the end has come. It stops when nobody listens.
async fn read_all(mut stream: ReadHalf<BoxStream>, inbox: mpsc::Sender<Arrived>) {
    while let Some(bytes) = poll_fn(|cx| poll_read_some(&mut stream, cx, <[u8]>::to_vec)).await {
        if inbox.send(Arrived::Bytes(bytes)).await.is_err() {
            return;
        }
    }
    let _ = inbox.send(Arrived::End).await;
}

/// One connection to its end, and how far it came.
async fn one_connection<N: Network>(
    way: &mut Way<N>,
    job: Job,
    local: &mut impl Local,
    mut tell: impl FnMut(i64, i64),
) -> Result<(MediaEvent, i64), MediaError> {
    let clock = way.clock.clone();
    let mut machine = MediaClient::new(way.config.clone(), job, way.entropy.fork(), clock.now());
    let patience = way.config.patience;
    let failed = |why| Ok((MediaEvent::Failed(why), -1));
    let stream = match timeout(patience, way.net.connect(&way.endpoint.host, way.endpoint.port)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) => return failed(MediaFailure::Closed),
        Err(_) => return failed(MediaFailure::TimedOut),
    };
    let (read, mut write) = tokio::io::split(stream);
    let (inbox, mut arrivals) = mpsc::channel(INBOX_MAX);
    let _reader = Reader(tokio::spawn(read_all(read, inbox)).abort_handle());
    let mut reached = -1;
    machine.handle(MediaInput::Connected, clock.now());
    loop {
        while let Some(output) = machine.poll_output() {
            match output {
                MediaOutput::Transmit(bytes) => {
                    let sent = timeout(patience, async {
                        write.write_all(&bytes).await?;
                        write.flush().await
                    });
                    // What the server said before it closed is still to be read.
                    if !matches!(sent.await, Ok(Ok(()))) && arrivals.is_empty() {
                        machine.handle(MediaInput::Closed, clock.now());
                    }
                }
                MediaOutput::Read { at, len } => {
                    let bytes = local.read(at, len).await.map_err(MediaError::File)?;
                    machine.handle(MediaInput::Data(&bytes), clock.now());
                }
                MediaOutput::Write(bytes) => local.write(&bytes).await.map_err(MediaError::File)?,
                MediaOutput::Event(MediaEvent::Begun { done, size } | MediaEvent::Progress { done, size }) => {
                    reached = done;
                    tell(done, size);
                }
                MediaOutput::Event(end) => return Ok((end, reached)),
            }
            while let Ok(arrived) = arrivals.try_recv() {
                take(&mut machine, Some(arrived), &clock);
            }
        }
        let left = machine.deadline().unwrap_or_default() - clock.now();
        match timeout(left, arrivals.recv()).await {
            Ok(arrived) => take(&mut machine, arrived, &clock),
            Err(_) => machine.handle(MediaInput::Tick, clock.now()),
        }
    }
}

fn take(machine: &mut MediaClient, arrived: Option<Arrived>, clock: &Clock) {
    match arrived {
        Some(Arrived::Bytes(bytes)) => machine.handle(MediaInput::Bytes(&bytes), clock.now()),
        Some(Arrived::End) | None => machine.handle(MediaInput::Closed, clock.now()),
    }
}
