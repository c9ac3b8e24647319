//! The page of one run or several: what they come to, the matrix, then every case that is not as it should be.
//!
//! One file with its style and its script inside, which asks no network for anything; it reads without the script.

use std::fmt::Write;

use super::failure::{Detail, LEGEND, Sections, anchor, class, is_shown, letter};
use super::matrix::{Matrix, Row};
use super::{Run, Standing};
use crate::spec::corpus::Corpus;
use crate::spec::doc::escape;
use crate::spec::format::requirement::Level;

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// Nothing is loaded, sent or framed: only what is in the file runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'";

/// The page.
#[must_use]
pub fn html(corpus: &Corpus, runs: &[Run], detail: Detail) -> String {
    let matrix = Matrix::new(corpus, runs);
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    let _ = writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    let names: Vec<&str> = runs.iter().map(|r| r.head.name.as_str()).collect();
    let title = format!("LOCO conformance: {}", names.join(", "));
    let _ = writeln!(out, "<title>{}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<main>", escape(&title));
    out.push_str("<h1>LOCO conformance</h1>\n");
    for (n, run) in runs.iter().enumerate() {
        summary(&matrix, n, run, &mut out);
    }
    table(&matrix, &mut out);
    failures(&matrix, detail, &mut out);
    let _ = writeln!(out, "</main>\n<script>\n{JS}</script>\n</body>\n</html>");
    out
}

fn summary(matrix: &Matrix<'_>, n: usize, run: &Run, out: &mut String) {
    let head = &run.head;
    let roles: Vec<String> = head.role.iter().map(|r| format!("{r:?}").to_lowercase()).collect();
    let _ = write!(
        out,
        "<section class=\"run\"><h2>{} <small>{} · {} · judged by locospec {}</small></h2>\n<p>",
        escape(&head.name),
        escape(&head.version),
        roles.join(" and "),
        escape(&head.locospec)
    );
    let (requirements, instances) = (matrix.counts(n), run.counts());
    let total: usize = requirements.values().sum();
    let _ = write!(out, "<b>{total} requirements</b> ");
    chips(&requirements, out);
    let runs: usize = instances.values().sum();
    let _ = write!(out, "</p>\n<p><b>{} cases, {runs} runs</b> ", run.cases.len());
    chips(&instances, out);
    let _ = writeln!(out, "</p>\n<pre class=\"again\">{}</pre></section>", escape(&head.again));
}

fn chips(counts: &std::collections::BTreeMap<Standing, usize>, out: &mut String) {
    for (s, n) in counts.iter().rev() {
        let _ = write!(out, "<span class=\"chip {}\">{n} {}</span> ", class(*s), s.word());
    }
}

fn table(matrix: &Matrix<'_>, out: &mut String) {
    out.push_str("<section id=\"matrix\"><h2>Requirements</h2>\n<form id=\"filter\" hidden>\n");
    out.push_str("<input id=\"q\" type=\"search\" placeholder=\"Requirement\" aria-label=\"Search requirements\">\n");
    for (value, word) in [("", "all"), ("bad", "not kept"), ("differ", "different")] {
        let checked = if value.is_empty() { " checked" } else { "" };
        let _ = writeln!(
            out,
            "<label><input type=\"radio\" name=\"show\" value=\"{value}\"{checked}><span>{word}</span></label>"
        );
    }
    out.push_str("<output id=\"count\"></output></form>\n<div class=\"scroll\"><table class=\"matrix\">\n<thead><tr>");
    out.push_str("<th scope=\"col\">requirement</th><th scope=\"col\">level</th><th scope=\"col\">text</th>");
    for run in matrix.runs {
        let _ = write!(
            out,
            "<th scope=\"col\">{}<br><small>{}</small></th>",
            escape(&run.head.name),
            escape(&run.head.version)
        );
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    matrix.rows.iter().for_each(|r| row(matrix, r, out));
    out.push_str("</tbody></table></div>\n<dl class=\"legend\">");
    for s in Standing::ALL {
        let _ = write!(out, "<dt class=\"{}\">{}</dt><dd>{}</dd>", class(s), letter(s), s.word());
    }
    out.push_str("</dl>\n</section>\n");
}

fn row(matrix: &Matrix<'_>, r: &Row<'_>, out: &mut String) {
    let level = match r.requirement.level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
        Level::Info => "INFO",
    };
    let judged: Vec<Standing> = r.cells.iter().flatten().copied().filter(|s| *s != Standing::Aside).collect();
    let bad = judged.iter().any(|s| *s >= Standing::Open);
    let differ = judged.windows(2).any(|w| w.first() != w.last());
    let mut words = Vec::new();
    words.extend(bad.then_some("bad"));
    words.extend(differ.then_some("differ"));
    let id = escape(&r.requirement.id);
    let text = escape(&r.requirement.text);
    let _ = write!(
        out,
        "<tr id=\"r-{id}\" data-is=\"{}\"><th scope=\"row\">{id}</th><td>{level}</td><td class=\"text\">{text}</td>",
        words.join(" ")
    );
    for (n, cell) in r.cells.iter().enumerate() {
        let Some(s) = cell else {
            out.push_str("<td class=\"none\"></td>");
            continue;
        };
        let shown = || {
            let cases = matrix.runs.get(n)?.cases.iter().enumerate();
            let mut of = cases.filter(|(_, c)| c.proves.contains(&r.requirement.id) && is_shown(c));
            of.next().map(|(c, _)| anchor(n, c))
        };
        let (class, letter, word) = (class(*s), letter(*s), s.word());
        let _ = match shown() {
            Some(at) => write!(out, "<td class=\"{class}\" title=\"{word}\"><a href=\"#{at}\">{letter}</a></td>"),
            None => write!(out, "<td class=\"{class}\" title=\"{word}\">{letter}</td>"),
        };
    }
    out.push_str("</tr>\n");
}

fn failures(matrix: &Matrix<'_>, detail: Detail, out: &mut String) {
    out.push_str("<section id=\"failures\"><h2>What is not as it should be</h2>\n");
    if detail == Detail::Brief {
        out.push_str("<p class=\"note\" id=\"cut\">Of each case one run is shown, of it the checks that fail and the beginning of its last packets: ");
        out.push_str("this page cuts them, they were whole. <code>locospec check report</code> without ");
        out.push_str("<code>--brief</code>, for the same runs, shows all that they have, with captures.</p>\n");
    }
    let rows = matrix.rows.iter().map(|r| r.requirement.id.as_str()).collect();
    let mut sections = Sections::new(&rows, detail);
    let mut any = false;
    for (n, run) in matrix.runs.iter().enumerate() {
        for (c, case) in run.cases.iter().enumerate().filter(|(_, c)| is_shown(c)) {
            sections.case(run, &anchor(n, c), case, out);
            any = true;
        }
    }
    if !any {
        out.push_str("<p>Nothing.</p>\n");
    }
    if sections.left_out > 0 {
        let _ = writeln!(out, "<p class=\"note\">{} runs had no room for what happened.</p>", sections.left_out);
    }
    out.push_str("<details><summary>What the verdicts mean</summary>\n<dl class=\"words\">");
    for (v, means) in LEGEND {
        let _ = write!(out, "<dt>{v}</dt><dd>{means}</dd>");
    }
    out.push_str("</dl></details>\n</section>\n");
}
