//! What the spec, the reference and the shell promise, as ordinary tests.

mod bytes;
