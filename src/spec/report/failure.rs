//! The section of one case that is not as it should be: its checks, expected beside actual, the timeline with the bytes
//! behind each line, and the command that runs it again.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

use super::capture::capture;
use super::{CaseLine, InstanceLine, Run, Standing};
use crate::proto::wire::dump::{dump_bytes, dump_packet};
use crate::sim::view::data::base64;
use crate::spec::doc::escape;
use crate::spec::format::mutate::unhex;
use crate::spec::run::record::BYTES_MAX;
use crate::spec::verdict::{Bytes, Compared, Verdict};

/// Bytes of HTML that the evidence of one page may take.
const EVIDENCE_MAX: usize = 24 << 20;

/// How much of what happened a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All that was kept, with captures.
    Full,
    /// Of each case one instance, of it the bytes of its last packets, of those the beginning: small enough to be kept.
    Brief,
}

/// Packets of an instance, and bytes of each, that a brief page shows.
const BRIEF: (usize, usize) = (2, 64);
/// How the dump of a packet begins the line that says that it is cut.
const CUT: &str = "!! the body ends after ";
/// Characters of a line of the timeline that it shows.
const BRIEF_LINE: usize = 160;

/// The sections of a page, and what is left of its room.
#[derive(Debug)]
pub struct Sections<'a> {
    /// The requirements that have a row in the matrix.
    rows: &'a BTreeSet<&'a str>,
    detail: Detail,
    left: usize,
    /// Instances whose evidence had no room.
    pub left_out: usize,
}

/// The anchor of a case of a run.
#[must_use]
pub fn anchor(run: usize, case: usize) -> String {
    format!("f{run}-{case}")
}

/// Whether a case has anything to show: something that was not reached or fails.
#[must_use]
pub fn is_shown(case: &CaseLine) -> bool {
    case.instances.iter().any(|i| i.standing() >= Standing::Open)
}

impl<'a> Sections<'a> {
    /// None so far; they may link to these requirements.
    #[must_use]
    pub const fn new(rows: &'a BTreeSet<&'a str>, detail: Detail) -> Self {
        Self { rows, detail, left: EVIDENCE_MAX, left_out: 0 }
    }

    /// The section of a case.
    pub fn case(&mut self, run: &Run, at: &str, case: &CaseLine, out: &mut String) {
        let worst = case.instances.iter().map(InstanceLine::standing).max().unwrap_or(Standing::Open);
        let _ = write!(
            out,
            "<article class=\"case {}\" id=\"{at}\">\n<h3><code>{}</code> <span class=\"by\">{} {}</span></h3>\n",
            class(worst),
            escape(&case.case),
            escape(&run.head.name),
            escape(&run.head.version)
        );
        let _ = writeln!(out, "<p>{}</p>", escape(&case.title));
        let link = |r: &String| match (self.rows.contains(r.as_str()), escape(r)) {
            (true, id) => format!("<a href=\"#r-{id}\">{id}</a>"),
            (false, id) => id,
        };
        let proves: Vec<String> = case.proves.iter().map(link).collect();
        let _ = writeln!(out, "<p class=\"proves\">proves {} · {}</p>", proves.join(" "), escape(&case.file));
        let shown: Vec<&InstanceLine> = case.instances.iter().filter(|i| i.standing() >= Standing::Open).collect();
        let (good, all) = (case.instances.len() - shown.len(), case.instances.len());
        if good > 0 {
            let _ = writeln!(out, "<p class=\"proves\">{good} of {all} instances are as they should be.</p>");
        }
        let judge_serves = case.file.contains("/client/");
        for (n, i) in shown.into_iter().enumerate() {
            let before = out.len();
            self.instance(run, i, (n == 0, judge_serves), out);
            self.left = self.left.saturating_sub(out.len() - before);
        }
        out.push_str("</article>\n");
    }

    fn instance(&mut self, run: &Run, i: &InstanceLine, (open, judge_serves): (bool, bool), out: &mut String) {
        let open = if open { " open" } else { "" };
        let _ = write!(out, "<details class=\"instance\"{open}><summary><code>{}</code> ", escape(&i.instance));
        let _ = writeln!(out, "<span class=\"chip {}\">{}</span></summary>", class(i.standing()), i.verdict());
        out.push_str("<table class=\"checks\">\n");
        let brief = self.detail == Detail::Brief;
        for (check, verdict) in &i.checks {
            let known = i.known.get(check);
            let standing = Standing::of(*verdict, known.is_some());
            if brief && standing < Standing::Open {
                continue;
            }
            let _ = write!(
                out,
                "<tr><td><span class=\"chip {}\">{verdict}</span></td><th scope=\"row\">{}</th><td>",
                class(standing),
                escape(check)
            );
            if let Some(why) = known {
                let _ = write!(out, "<p class=\"known\">known: {}</p>", escape(why));
            }
            for d in i.detail.get(check).into_iter().flatten() {
                let _ = write!(out, "<p>{}</p>", escape(d));
            }
            out.push_str("</td></tr>\n");
        }
        out.push_str("</table>\n");
        let _ = writeln!(out, "<pre class=\"again\">{}</pre>", escape(&i.again(&run.head.again)));
        if brief && open.is_empty() {
            // As the first one, for all that this page shows.
        } else if self.left == 0 {
            self.left_out += 1;
            out.push_str("<p class=\"note\">This page is full: run it again to see what happened.</p>\n");
        } else {
            i.evidence.compared.iter().for_each(|c| side_by_side(c, out));
            timeline(i, self.detail, out);
            if !brief {
                hand_out(i, judge_serves, out);
            }
        }
        out.push_str("</details>\n");
    }
}

/// The word for a standing in the style sheet.
#[must_use]
pub const fn class(s: Standing) -> &'static str {
    match s {
        Standing::Aside => "aside",
        Standing::Pass => "pass",
        Standing::Tolerated => "tolerated",
        Standing::Open => "open",
        Standing::Known => "known",
        Standing::Wrong => "wrong",
    }
}

fn side_by_side(c: &Compared, out: &mut String) {
    let actual = if c.actual.is_empty() { "nothing came\n" } else { &c.actual };
    let _ = writeln!(
        out,
        "<div class=\"pair\"><figure><figcaption>expected by <b>{}</b></figcaption><pre>{}</pre></figure>\
         <figure><figcaption>actual</figcaption><pre>{}</pre></figure></div>",
        escape(&c.check),
        marked(&c.expected, &c.differs),
        marked(actual, &c.differs)
    );
}

/// YAML text with the lines of these fields marked.
fn marked(text: &str, differs: &[String]) -> String {
    let wanted: Vec<&str> = differs.iter().map(|d| d.strip_prefix("event.").unwrap_or(d)).collect();
    let wanted: Vec<&str> = wanted.into_iter().map(|d| d.split('[').next().unwrap_or(d)).collect();
    let mut above: Vec<(usize, &str)> = Vec::new();
    let mut out = String::new();
    for line in text.lines() {
        let depth = line.len() - line.trim_start_matches([' ', '-']).len();
        if let Some((key, _)) = line.trim_start_matches([' ', '-']).split_once(':') {
            above.retain(|(d, _)| *d < depth);
            above.push((depth, key));
        }
        let path: Vec<&str> = above.iter().map(|(_, k)| *k).collect();
        let path = path.join(".");
        let inside = |w: &&&str| path == **w || path.strip_prefix(**w).is_some_and(|rest| rest.starts_with('.'));
        let text = escape(line);
        if wanted.iter().any(|w| inside(&w)) {
            let _ = writeln!(out, "<mark>{text}</mark>");
        } else {
            let _ = writeln!(out, "{text}");
        }
    }
    out
}

fn timeline(i: &InstanceLine, detail: Detail, out: &mut String) {
    if i.timeline.is_empty() {
        return;
    }
    let (packets, most) = if detail == Detail::Brief { BRIEF } else { (usize::MAX, usize::MAX) };
    let shown = i.evidence.bytes.len().saturating_sub(packets);
    let shown = i.evidence.bytes.get(shown..).unwrap_or_default();
    out.push_str("<div class=\"timeline\">\n");
    for (n, line) in i.timeline.iter().enumerate() {
        let line = if detail == Detail::Brief { cut(line) } else { Cow::Borrowed(line.as_str()) };
        let way = match &*line {
            l if l.contains(" -> ") => "out",
            l if l.contains(" <- ") => "in",
            _ => "note",
        };
        let bytes: Vec<&Bytes> = shown.iter().filter(|b| b.line == n).collect();
        if bytes.is_empty() {
            let _ = writeln!(out, "<div class=\"line {way}\">{}</div>", escape(&line));
            continue;
        }
        let _ = writeln!(out, "<details class=\"line {way}\"><summary>{}</summary>", escape(&line));
        bytes.into_iter().for_each(|b| hex(b, most, out));
        out.push_str("</details>\n");
    }
    out.push_str("</div>\n");
}

/// The beginning of a line.
fn cut(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(BRIEF_LINE) {
        Some((at, _)) => Cow::Owned(format!("{} …", line.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(line),
    }
}

/// A link that saves the bytes as a capture file.
fn hand_out(i: &InstanceLine, judge_serves: bool, out: &mut String) {
    let Some(file) = capture(i, judge_serves) else { return };
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let name: String = i.instance.chars().map(plain).collect();
    let _ = writeln!(
        out,
        "<p class=\"save\"><a download=\"{name}.pcapng\" href=\"data:application/octet-stream;base64,{}\">{name}.pcapng</a> \
         for Wireshark, sealed and in the clear</p>",
        base64(&file)
    );
}

fn hex(b: &Bytes, most: usize, out: &mut String) {
    let (mut plain, mut wire) = (unhex(&b.plain).unwrap_or_default(), unhex(&b.wire).unwrap_or_default());
    let over = |all: &[u8]| all.len().saturating_sub(most);
    let (cut, more) = (b.more + over(&plain), b.more + over(&plain).max(over(&wire)));
    plain.truncate(most);
    wire.truncate(most);
    if !plain.is_empty() {
        let said = dump_packet(&plain);
        let shown = if cut > 0 { without_cut(&said) } else { said };
        let _ = writeln!(out, "<p>in the clear</p><pre class=\"hex\">{}</pre>", escape(&shown));
    }
    if !wire.is_empty() && wire != plain {
        let _ = writeln!(out, "<p>on the wire</p><pre class=\"hex\">{}</pre>", escape(&dump_bytes(&wire)));
    }
    if more > 0 {
        let who = match b.more {
            0 => "<a href=\"#cut\">cut by this page</a>".to_owned(),
            _ => format!("cut by the judge, which keeps {BYTES_MAX} of a packet; a capture of the connection has all"),
        };
        let _ = writeln!(out, "<p>{more} bytes more, {who}</p>");
    }
}

/// The dump of a packet that we have cut: that its body ends too early is no fault of its sender.
fn without_cut(dump: &str) -> String {
    dump.split_inclusive('\n').filter(|line| !line.starts_with(CUT)).collect()
}

/// The word that a cell of the matrix shows, so that colour is not needed.
#[must_use]
pub const fn letter(s: Standing) -> &'static str {
    match s {
        Standing::Aside => "–",
        Standing::Pass => "✓",
        Standing::Tolerated => "~",
        Standing::Open => "?",
        Standing::Known => "✗ known",
        Standing::Wrong => "✗",
    }
}

/// The verdicts, for the legend: a word and what it means.
pub const LEGEND: [(Verdict, &str); 8] = [
    (Verdict::Pass, "as it should be"),
    (Verdict::Tolerated, "not as it should be, but allowed"),
    (Verdict::Fail, "wrong"),
    (Verdict::Hung, "nothing came in time"),
    (Verdict::Crashed, "the implementation died"),
    (Verdict::CouldNotRun, "not reached: something in front of it failed, or the target lacks it"),
    (Verdict::Unimplemented, "the implementation says that it does not have this"),
    (Verdict::NotApplicable, "it does not claim the profile that the case needs"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_field_that_differs_are_marked() {
        let text = "body:\n  status: 0\n  chatLog:\n    message: hi\n  list:\n  - a: 1\n";
        let of = |d: &str| {
            let out = marked(text, &[d.to_string()]);
            out.lines().filter(|l| l.starts_with("<mark>")).map(|l| l.replace("mark>", "")).collect::<Vec<_>>()
        };
        assert_eq!(of("body.status"), ["<  status: 0</"]);
        assert_eq!(of("body.chatLog"), ["<  chatLog:</", "<    message: hi</"]);
        assert_eq!(of("body.list[0].a"), ["<  list:</", "<  - a: 1</"]);
        assert!(of("body.stat").is_empty());
    }
}
