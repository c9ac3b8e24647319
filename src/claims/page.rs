//! The figures as a page with pictures: Markdown with SVG beside it for a forge, and one HTML file for everybody else.

use std::fmt::Write as _;

use super::band::Band;
use super::everything::{BEATING, POLLS};
use super::plot::{Bars, Lines, escape};
use super::report::{Report, Simulated};
use super::table::{Table, tables};
use super::transport::Transport;
use super::verdict::{CLAIM, findings};

/// The page's first words.
const TITLE: &str = "What LOCO was said to be good for, measured";
const INTRO: &str = "\
The write-ups say why LOCO exists: a connection kept open saves the cost of connecting, packets are light, both sides \
speak at once, servers and batteries rest; the press of 2011 said 5 to 20 times faster than before. Here the same \
conversation goes over LOCO in each era, WebSocket with JSON, and HTTP, with real libraries (this crate, \
tokio-tungstenite, hyper, rustls) and TLS or LOCO's secure layer as in life.";
/// What the reader must know of the figures, one thing each.
const FAIR: [&str; 9] = [
    "Nobody has published what KakaoTalk was before LOCO. The polling here stands for \"before\"; its interval decides \
     most, so table 7b has several.",
    "All transports have the same two people, messages, store and rule: a message is acknowledged after the commit, here \
     into a store in memory. LOCO's server is the reference with all that it checks; the other one is a small chat server \
     that does no more than this workload asks for, so CPU figures favour it.",
    "JSON messages carry what a device needs to show them. LOCO's replies carry more: WRITE is answered with the whole log. \
     HTTP requests have five headers, far fewer than a browser sends.",
    "TLS shows one short Ed25519 certificate; those of the public web are 2 to 4 KB longer.",
    "The simulated networks are turmoil's, with bytes a second on the device's side, and with the half round trip of the \
     TCP handshake that turmoil leaves out. No segment is lost and sent again: after a tunnel what waited comes at once.",
    "IP packets are modelled from writes and reads; the radio's own layers are not counted.",
    "The radio model and its parameters are from papers on American networks of 2009 to 2012. Read ratios.",
    "Everything else on a real phone is missing: other apps share the radio's wake-ups, systems push by services of their \
     own, and a heartbeat that works is bounded by what routers remember.",
    "The simulated figures come out the same for the same seed. Those of a machine do not, and wander with what else runs.",
];

fn rows(report: &Report, values: impl Fn(&Simulated) -> Vec<Option<f64>>) -> Vec<(String, Vec<Option<f64>>)> {
    report.simulated.iter().map(|s| (s.transport.clone(), values(s))).collect()
}

fn series(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn latency_bars(report: &Report, outages: &str) -> Bars {
    let values = |s: &Simulated| Band::ALL.map(|b| s.on(b.id, outages).map(|l| l.p50_ms)).to_vec();
    Bars {
        title: format!("From send to arrival, median in milliseconds, outages: {outages}"),
        log: true,
        series: series(&Band::ALL.map(|b| b.id)),
        rows: rows(report, values),
    }
}

fn arrival(report: &Report, outages: &str) -> Lines {
    // The eras of LOCO lie upon each other.
    let shown = report.simulated.iter().filter(|s| s.transport != "loco-2019" && s.transport != "loco-2023");
    let line = |s: &Simulated| {
        let points = s.on("3g", outages).map(|l| l.within.clone()).unwrap_or_default();
        let points = points.into_iter().filter(|(ms, _)| (100.0..=100_000.0).contains(ms));
        (s.transport.clone(), points.map(|(ms, share)| (ms, share * 100.0)).collect())
    };
    Lines {
        title: format!("3G, outages: {outages}: how many of 100 messages have arrived after so long"),
        x: "milliseconds from send to arrival".into(),
        y: "of 100".into(),
        log: (true, false),
        series: shown.map(line).collect(),
        mark: None,
    }
}

fn by_interval(report: &Report) -> Option<Lines> {
    let line = |b: &Band| {
        let ours = report.of(BEATING.id()).and_then(|s| s.on(b.id, "none"))?;
        let of = |seconds: u64| report.intervals.polls.iter().find(|(band, s, _)| band == b.id && *s == seconds);
        let points = POLLS.iter().filter_map(|s| Some((*s as f64, of(*s)?.2.p50_ms / ours.p50_ms))).collect::<Vec<_>>();
        (!points.is_empty()).then(|| (b.id.to_owned(), points))
    };
    let series: Vec<_> = Band::ALL.iter().filter_map(line).collect();
    let said = "\"5 to 20 times\"".to_owned();
    (!series.is_empty()).then(|| Lines {
        title: "How many times faster LOCO is than HTTP/1.1 polling at this interval (medians)".into(),
        x: "seconds between two polls".into(),
        y: "times".into(),
        log: (true, true),
        series,
        mark: Some((CLAIM.0, CLAIM.1, said)),
    })
}

fn awake(report: &Report) -> Option<Lines> {
    let line = |name: &str, band: &Band| {
        let of = report.intervals.idle.iter().filter(|(t, b, _)| t == name && b == band.id);
        let points: Vec<_> = of.map(|(_, _, i)| (i.every_s as f64, i.radio.awake_s / 60.0)).collect();
        (points.len() > 1).then(|| (format!("{name}, {}", band.id), points))
    };
    let names = [BEATING.id(), super::everything::POLLING.id()];
    let series: Vec<_> = names.iter().flat_map(|n| Band::ALL.iter().filter_map(|b| line(n, b))).collect();
    (!series.is_empty()).then(|| Lines {
        title: "An idle hour: minutes in which the radio is awake (modelled)".into(),
        x: "seconds between two heartbeats or polls".into(),
        y: "minutes".into(),
        log: (true, false),
        series,
        mark: None,
    })
}

/// The pictures, each with its name and the table that it belongs behind.
fn pictures(report: &Report) -> Vec<(&'static str, &'static str, String)> {
    let mut all = Vec::new();
    if !report.simulated.is_empty() {
        let trips = |s: &Simulated| vec![Some(s.cold.round_trips), Some(s.warm.round_trips)];
        let title = "Round trips until the first message is acknowledged".to_owned();
        let bars = Bars {
            title,
            log: false,
            series: series(&["from nothing", "was there before"]),
            rows: rows(report, trips),
        };
        all.push(("connecting", "1.", bars.svg()));
        let bytes = |s: &Simulated| vec![Some(s.weight.message), Some(s.weight.push), Some(s.weight.beat)];
        let title = "Bytes above TCP, both ways".to_owned();
        let bars =
            Bars { title, log: true, series: series(&["a message", "a push", "a beat"]), rows: rows(report, bytes) };
        all.push(("bytes", "2.", bars.svg()));
        all.push(("latency", "3a.", latency_bars(report, "none").svg()));
        all.push(("arrival-none", "3a.", arrival(report, "none").svg()));
        all.push(("arrival-shadow", "3b.", arrival(report, "shadow").svg()));
        all.push(("arrival-lost", "3c.", arrival(report, "lost").svg()));
    }
    if !report.loopback.is_empty() {
        let row = |l: &super::report::OnLoopback| {
            (
                l.transport.clone(),
                [&l.cpu_message_us, &l.cpu_beat_us, &l.cpu_login_us].map(super::report::Figure::value).to_vec(),
            )
        };
        let title = "The server's CPU in microseconds, on this machine".to_owned();
        let names = series(&["a message", "a beat", "a login"]);
        let bars = Bars { title, log: true, series: names, rows: report.loopback.iter().map(row).collect() };
        all.push(("cpu", "4.", bars.svg()));
    }
    all.extend(awake(report).map(|l| ("battery", "6.", l.svg())));
    all.extend(by_interval(report).map(|l| ("ratio", "7b.", l.svg())));
    all
}

/// How to make the page again.
fn command(report: &Report) -> String {
    report.command.replacen("locospec", "cargo run --release --features claims --", 1)
}

fn networks() -> Vec<String> {
    let bands = Band::ALL.iter().chain([&Band::RULER]).map(|b| b.title.to_owned());
    let transports = Transport::ALL.iter().map(|t| format!("`{}`: {}", t.id(), t.title()));
    bands.chain(transports).collect()
}

/// A list in Markdown.
fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

/// The Markdown page.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# {TITLE}\n\n{INTRO}\n\n```sh\n{} --out benches/claims\n```\n\n", command(report));
    let _ = writeln!(
        text,
        "makes this page and its pictures again; `--simulated` only what repeats, `--loopback` only what this machine \
         measures, `--from claims.json` draws without measuring. Version {}.\n",
        report.version
    );
    text.push_str("## In short\n\n");
    text.push_str(&list(&findings(report)));
    text.push_str("\n## What to know of the figures\n\n");
    text.push_str(&list(&FAIR.map(str::to_owned)));
    text.push_str("\n## Networks and transports\n\n");
    text.push_str(&list(&networks()));
    let _ = writeln!(text, "- TLS shows {} bytes of certificate.\n\n## Figures\n", report.chain_len);
    let pictures = pictures(report);
    for table in tables(report) {
        let _ = writeln!(text, "{}", table.markdown());
        for (name, _, _) in pictures.iter().filter(|(_, of, _)| table.title.starts_with(of)) {
            let _ = writeln!(text, "![{}]({name}.svg)\n", table.title.replace('"', "'"));
        }
    }
    text
}

fn html_table(table: &Table) -> String {
    let cells =
        |tag: &str, cells: &[String]| cells.iter().map(|c| format!("<{tag}>{}</{tag}>", escape(c))).collect::<String>();
    let mut html = format!(
        "<h2>{}</h2>\n<p>{}</p>\n<div class=\"wide\"><table>\n<tr>{}</tr>\n",
        escape(&table.title),
        escape(&table.how),
        cells("th", &table.head)
    );
    let rows = table.rows.iter().map(|row| format!("<tr>{}</tr>\n", cells("td", row)));
    html.push_str(&rows.collect::<String>());
    html.push_str("</table></div>\n");
    html
}

/// The page as one HTML file without a network.
#[must_use]
pub fn html(report: &Report) -> String {
    let list = |lines: &[String]| {
        let items = lines.iter().map(|l| format!("<li>{}</li>\n", escape(l).replace('`', "")));
        format!("<ul>\n{}</ul>\n", items.collect::<String>())
    };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{TITLE}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\n\
         <style>\nbody{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
         background:#fff;color:#1b1f24}}\npre,code{{background:#eef1f5;padding:.2em .4em;overflow:auto}}\n\
         .wide{{overflow-x:auto}} table{{border-collapse:collapse;font-size:.85rem}}\n\
         td,th{{border:1px solid #d5dae1;padding:.25rem .5rem;text-align:left}} svg{{width:100%;height:auto;margin:1rem 0}}\n\
         @media (prefers-color-scheme: dark){{body{{background:#14171c;color:#e6e9ee}} pre,code{{background:#232830}}\
         td,th{{border-color:#3a414c}}}}\n</style></head><body>\n<h1>{TITLE}</h1>\n<p>{}</p>\n<pre>{}</pre>\n",
        escape(INTRO),
        escape(&command(report))
    );
    html.push_str("<h2>In short</h2>\n");
    html.push_str(&list(&findings(report)));
    html.push_str("<h2>What to know of the figures</h2>\n");
    html.push_str(&list(&FAIR.map(str::to_owned)));
    html.push_str("<h2>Networks and transports</h2>\n");
    html.push_str(&list(&networks()));
    let pictures = pictures(report);
    for table in tables(report) {
        html.push_str(&html_table(&table));
        pictures.iter().filter(|(_, of, _)| table.title.starts_with(of)).for_each(|(_, _, svg)| html.push_str(svg));
    }
    html.push_str("</body></html>\n");
    html
}

/// The files of the page's folder, besides the figures themselves.
#[must_use]
pub fn files(report: &Report) -> Vec<(String, String)> {
    let mut all = vec![("README.md".to_owned(), markdown(report)), ("claims.html".to_owned(), html(report))];
    all.extend(pictures(report).into_iter().map(|(name, _, svg)| (format!("{name}.svg"), svg)));
    all
}
