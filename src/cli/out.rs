//! What the program says: data to stdout, talk to stderr. Whoever has read enough of it, as `head` does, is no failure:
//! what is said behind that is lost, and the command ends as it would have.
//!
//! Everything in `cli` that prints does it here, or by a writer whose errors it looks at: the macros of the standard
//! library panic when their reader is gone.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write as _};

use super::Failure;

/// Prints a result.
///
/// # Errors
/// It cannot be written, and not for want of a reader.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::incomplete(format!("write to stdout: {e}"))),
        _ => Ok(()),
    }
}

/// Writes to stderr as [`talk`] does, without ending the line.
pub(crate) fn mutter(text: Arguments<'_>) {
    // Nobody can be told.
    let _ = anstream::stderr().lock().write_fmt(text);
}

/// Writes a line to stderr.
macro_rules! talk {
    ($($arg:tt)*) => { $crate::cli::out::mutter(format_args!("{}\n", format_args!($($arg)*))) };
}
pub(crate) use talk;
