//! Failures and ends of connections as a person reads them.

use core::fmt;

use super::event::{Failure, Why};

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the server refused it with status {status}"),
            Self::InDoubt(status) => {
                write!(f, "nobody knows: no answer came, and the room cannot be looked into (status {status})")
            }
            Self::BadReply => f.write_str("the reply cannot be read"),
            Self::TimedOut => f.write_str("no reply within its time"),
            Self::Disconnected => f.write_str("the connection ended before the reply"),
            Self::NotLoggedOn => f.write_str("not logged in"),
            Self::OverLimit => f.write_str("too large, or too many are waiting"),
            Self::NotInEra => f.write_str("this era does not have the command"),
        }
    }
}

impl core::error::Error for Failure {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectFailed => f.write_str("cannot connect"),
            Self::ConnectTimeout => f.write_str("no connection within its time"),
            Self::Closed => f.write_str("the server closed the connection"),
            Self::TimedOut(method) => write!(f, "no reply to {method} within its time"),
            Self::Refused(method, status) => write!(f, "{method} was refused with status {status}"),
            Self::Malformed(why) => write!(f, "what the server sent cannot be read: {why}"),
            Self::BadRoute => f.write_str("the server named a place that cannot be"),
            Self::OverLimit(what) => write!(f, "the server sent too many {what}"),
            Self::Dismissed => f.write_str("the session is over"),
            Self::Logout => f.write_str("logged out"),
        }
    }
}
