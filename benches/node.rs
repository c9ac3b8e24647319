//! node-kakao's codec, in JavaScript, on the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use locospec::proto::command::field::encode;
use serde_json::Value;

use super::ops::bodies::{loginlist_body, write_request};
use super::report::{Failure, Report};

/// Its median times, or why there are none.
pub fn run(report: &mut Report, text: &str) -> Result<(), Failure> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dist = home.join("spec/interop/node-kakao/node_modules/node-kakao/dist");
    if !dist.is_dir() {
        report.note("node-kakao skipped: run `npm ci --ignore-scripts` in spec/interop/node-kakao");
        return Ok(());
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (write, list) = (scratch.join("write.bson"), scratch.join("loginlist.bson"));
    let mut body = Vec::new();
    encode(&write_request(text), &mut body);
    fs::write(&write, body)?;
    fs::write(&list, loginlist_body())?;
    let out = Command::new("node").arg(home.join("benches/node-kakao.js")).arg(&dist).arg(&write).arg(&list).output();
    let out = match out {
        Ok(out) => out,
        Err(e) => {
            report.note(&format!("node-kakao skipped: node cannot be run ({e})"));
            return Ok(());
        }
    };
    let found: Value = serde_json::from_slice(&out.stdout)
        .map_err(|e| format!("node-kakao: {e}\n{}", String::from_utf8_lossy(&out.stderr)))?;
    for (name, key) in
        [("write/roundtrip/node-kakao-4.4.0", "write"), ("loginlist-200/decode/node-kakao-4.4.0", "list")]
    {
        report.row(name, &[("ns", found[key].as_f64().ok_or("node-kakao gave no time")?)]);
    }
    Ok(())
}
