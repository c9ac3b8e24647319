//! A run to look at: what was on the wire, joined to the events of the trace.

pub mod recording;
