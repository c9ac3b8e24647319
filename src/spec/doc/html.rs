//! `LOCO.html`: one file with its style and its script inside, which asks no network for anything.
//!
//! Here the frame: head, search, contents, chapters. What stands about one name is [`super::article`].

use super::{ABOUT, LEGEND, article, chapter, chapters, counts, escape};
use crate::proto::secure::Era;
use crate::spec::catalogue::Catalogue;

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// Nothing is loaded, sent or framed: only what is in the file runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'";

/// The whole page.
#[must_use]
pub fn html(catalogue: &Catalogue<'_>) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    out.push_str(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
    out.push_str(&format!("<title>LOCO protocol reference</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n"));
    bar(&mut out);
    out.push_str("<div class=\"page\">\n");
    contents(catalogue, &mut out);
    out.push_str("<main id=\"main\">\n");
    intro(catalogue, &mut out);
    out.push_str("<p id=\"hits\" hidden></p>\n");
    for (group, commands) in chapters(catalogue) {
        section(group.as_str(), chapter(group), &mut out);
        for c in commands {
            article::command(catalogue, c, &mut out);
        }
        out.push_str("</section>\n");
    }
    if !catalogue.types().is_empty() {
        section("types", "Types", &mut out);
        for t in catalogue.types() {
            article::type_def(catalogue, t, &mut out);
        }
        out.push_str("</section>\n");
    }
    if !catalogue.enums().is_empty() {
        section("enums", "Enums", &mut out);
        for e in catalogue.enums() {
            article::enum_def(catalogue, e, &mut out);
        }
        out.push_str("</section>\n");
    }
    if !catalogue.statuses().is_empty() {
        section("statuses", "Statuses", &mut out);
        article::statuses(catalogue, &mut out);
        out.push_str("</section>\n");
    }
    out.push_str(
        "<p id=\"none\" hidden>Nothing fits. <button type=\"button\" id=\"reset\">Show everything</button></p>\n",
    );
    out.push_str(&format!("</main>\n</div>\n<script>\n{JS}</script>\n</body>\n</html>\n"));
    out
}

fn section(id: &str, title: &str, out: &mut String) {
    out.push_str(&format!("<section class=\"chapter\" id=\"{id}\">\n<h2>{}</h2>\n", escape(title)));
}

/// The search box and the filters.
fn bar(out: &mut String) {
    out.push_str(
        "<header class=\"bar\">\n<a class=\"brand\" href=\"#top\">LOCO</a>\n<form id=\"filter\" role=\"search\">\n",
    );
    out.push_str("<input id=\"q\" type=\"search\" placeholder=\"Method, field or status\" autocomplete=\"off\" ");
    out.push_str("spellcheck=\"false\" aria-label=\"Search methods, fields and statuses\">\n");
    let eras: Vec<&str> = std::iter::once("").chain(Era::ALL.iter().map(|e| e.as_str())).collect();
    choice("era", "Era", "all", &eras, out);
    choice("dir", "Direction", "both", &["", "request", "push"], out);
    out.push_str("<output id=\"count\" for=\"q\"></output>\n</form>\n</header>\n");
}

fn choice(name: &str, title: &str, any: &str, values: &[&str], out: &mut String) {
    out.push_str(&format!("<fieldset><legend>{title}</legend>"));
    for v in values {
        let (checked, word) = if v.is_empty() { (" checked", any) } else { ("", *v) };
        out.push_str(&format!(
            "<label><input type=\"radio\" name=\"{name}\" value=\"{v}\"{checked}><span>{word}</span></label>"
        ));
    }
    out.push_str("</fieldset>\n");
}

fn contents(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\">\n<details id=\"toc\" open>\n<summary>Contents</summary>\n");
    let mut list = |id: &str, title: &str, links: Vec<(String, &str)>| {
        if links.is_empty() {
            return;
        }
        out.push_str(&format!("<div class=\"toc\"><a class=\"head\" href=\"#{id}\">{}</a><ul>\n", escape(title)));
        for (to, name) in links {
            let (to, name) = (escape(&to), escape(name));
            out.push_str(&format!("<li data-for=\"{to}\"><a href=\"#{to}\">{name}</a></li>\n"));
        }
        out.push_str("</ul></div>\n");
    };
    for (group, commands) in chapters(catalogue) {
        let title = chapter(group).split(':').next().unwrap_or_default();
        list(
            group.as_str(),
            title,
            commands.iter().map(|c| (article::method_id(&c.method), c.method.as_str())).collect(),
        );
    }
    list("types", "Types", catalogue.types().iter().map(|t| (article::type_id(&t.name), t.name.as_str())).collect());
    list("enums", "Enums", catalogue.enums().iter().map(|e| (article::enum_id(&e.name), e.name.as_str())).collect());
    if !catalogue.statuses().is_empty() {
        out.push_str("<div class=\"toc\"><a class=\"head\" href=\"#statuses\">Statuses</a></div>\n");
    }
    out.push_str("</details>\n</nav>\n");
}

fn intro(catalogue: &Catalogue<'_>, out: &mut String) {
    out.push_str(&format!("<section id=\"top\">\n<h1>LOCO protocol reference</h1>\n<p>{}</p>\n", escape(ABOUT)));
    out.push_str(&format!("<p class=\"counts\">{}.</p>\n", escape(&counts(catalogue))));
    out.push_str("<details class=\"more\"><summary>What the words mean</summary>\n<dl>\n");
    for (word, means) in LEGEND {
        out.push_str(&format!("<dt>{}</dt><dd>{}.</dd>\n", escape(word), escape(means)));
    }
    out.push_str("</dl></details>\n</section>\n");
}
