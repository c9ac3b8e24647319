//! The judge: reads the spec's YAML, drives a target through a case's steps, compares, and gives verdicts.
//!
//! Reading, lowest first: [`scan`] (positions, and what two readers of YAML would read differently), [`yaml`] (a file
//! into a typed value), [`lit`] (a value as it was written), [`mod@format`] (what each kind of file holds), [`corpus`]
//! (all files), [`lint`] and [`vectors`] (what must hold between them), [`schema`] (the same types for editors).
//!
//! Reading it: [`catalogue`] (the methods of the wire by name), [`mod@doc`] (the reference that people read), [`mod@explain`]
//! (one case or requirement).
//!
//! Judging: [`value`] (a written body into BSON), [`matcher`] (BSON against what was expected), [`verdict`], [`run`]
//! (the steps, against a target), [`judge`] (all of it), [`baseline`] (failures that are known), [`report`] (what a run
//! leaves behind).
//!
//! The protocol itself is in `proto`, the data in the top-level `spec/`; nothing here decides what is right.

pub mod baseline;
pub mod catalogue;
pub mod corpus;
pub mod coverage;
pub mod doc;
pub mod explain;
pub mod format;
pub mod judge;
pub mod lint;
pub mod lit;
pub mod matcher;
pub mod report;
pub mod run;
pub mod scan;
pub mod schema;
pub mod value;
pub mod vectors;
pub mod verdict;
pub mod yaml;
