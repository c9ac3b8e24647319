//! The page: one HTML file with its style, its script and the run inside, which asks no network for anything.
//!
//! What runs in it is named by its hash in a Content-Security-Policy, so that nothing else does, wherever the texts of
//! the run come from.

use sha2::{Digest, Sha256};

use super::data::{Data, base64};

const HTML: &str = include_str!("page/page.html");
const CSS: &str = include_str!("page/page.css");
/// What the page does, in the order in which the parts build on each other.
const SCRIPTS: [&str; 4] = [
    include_str!("page/model.js"),
    include_str!("page/draw.js"),
    include_str!("page/panes.js"),
    include_str!("page/main.js"),
];

/// The page of a run.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn html(data: &Data<'_>, title: &str) -> Result<String, String> {
    let script = format!("(() => {{\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(CSS),
        hash(&script)
    );
    let json = data.to_json()?;
    let title = crate::spec::doc::escape(title);
    let parts = [("policy", policy.as_str()), ("title", &title), ("style", CSS), ("data", &json), ("script", &script)];
    Ok(fill(HTML, &parts))
}

/// The source of a script or style as a policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text)))
}

/// The template with each `{{name}}` replaced, once: what is put in is not looked at again.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + parts.iter().map(|(_, t)| t.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        out.push_str(parts.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| text));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::generate::generate;
    use crate::sim::run::run_recorded;
    use crate::sim::scenario::Scenario;
    use crate::sim::view::data::Budget;
    use crate::sim::view::story::Story;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        assert_eq!(fill("a {{b}} c {{d}} {{e}}", &[("b", "{{d}}"), ("d", "2")]), "a {{d}} c 2 ");
        assert_eq!(fill("a {{b", &[("b", "1")]), "a {{b");
    }

    #[test]
    fn a_hash_is_what_a_browser_computes() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    /// A title that would like to be markup, in the page's title, its data and its scenario.
    #[test]
    fn no_text_of_a_run_becomes_markup() {
        let title = "</script><script>alert(1)</script>{{data}}".to_owned();
        let scenario = Scenario { title, faults: Vec::new(), ..generate(1) };
        let outcome = run_recorded(&scenario);
        let story = Story::of(&scenario, &outcome);
        let data = Data::of(&story, "locospec replay 1", "", Budget::default());
        let page = html(&data, &format!("run {}", scenario.title)).expect("it is made");
        assert_eq!(page.matches("</script>").count(), 2, "those of the data and of the script");
        assert_eq!(page.matches("<script").count(), 2);
        assert!(!page.contains("alert(1)</"), "no `<` of a text is left");
        for outside in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket"] {
            let found = page.replace("\"$schema\"", "").contains(outside);
            assert!(!found, "the page asks for something outside: {outside}");
        }
    }
}
