//! The small catalogue of `spec/selftest/catalogue`, which holds, and files that are wrong in one way each.

use std::path::{Path, PathBuf};

use super::*;
use crate::spec::corpus::yaml_files;
use crate::spec::yaml::parse;

fn selftest(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/selftest").join(folder)
}

fn small() -> Corpus {
    match Corpus::load(&selftest("catalogue")) {
        Ok(c) => c,
        Err(errors) => panic!("{}", lines(&errors)),
    }
}

fn lines(d: &[Diagnostic]) -> String {
    d.iter().map(|d| format!("{d}\n")).collect()
}

#[test]
fn the_small_catalogue_holds() {
    let found = crate::spec::lint::corpus(&small());
    assert!(found.is_empty(), "{}", lines(&found));
}

/// What is wrong with the small catalogue once this file is in it too.
fn with(folder: &str, name: &str, text: &str) -> Result<Vec<Diagnostic>, Diagnostic> {
    let mut c = small();
    match folder {
        "commands" => c.commands.push(parse(name, text)?),
        "types" => c.types.push(parse(name, text)?),
        "enums" => c.enums.push(parse(name, text)?),
        "status" => c.statuses = vec![parse(name, text)?],
        _ => panic!("{folder} is no folder of the catalogue"),
    }
    let found = catalogue(&c);
    Ok(found.into_iter().filter(|d| d.file == name).collect())
}

/// Each file says in its first line where it is wrong and how, and is wrong in no other way.
#[test]
fn every_invalid_file_is_refused_where_it_says() {
    let files = yaml_files(&selftest("invalid-catalogue"));
    assert!(files.len() > 40, "{} files", files.len());
    let mut wrong = String::new();
    for (path, name) in files {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let want = text.lines().next().and_then(|l| l.strip_prefix("# expect: ")).unwrap_or("nothing");
        let folder = name.split('/').next().unwrap_or_default();
        let found = with(folder, &name, &text).unwrap_or_else(|e| vec![e]);
        let right = matches!(found.as_slice(), [one] if one.to_string().starts_with(&format!("{name}:{want}")));
        if !right {
            wrong.push_str(&format!("{name}: wanted {want}, got\n{}", lines(&found)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_key_is_read_in_snake_case_unless_it_has_a_label() {
    let field = |name: &str, label: Option<&str>| {
        let label = label.map(|l| format!(", label: {l}")).unwrap_or_default();
        let text = format!("{{name: {name}{label}, type: int32, meaning: A.}}");
        parse::<Field>("f", &text).map(|f| readable(&f.value)).unwrap_or_default()
    };
    assert_eq!(field("chatId", None), "chat_id");
    assert_eq!(field("c", Some("chat_id")), "chat_id");
    assert_eq!(field("MCCMNC", None), "mccmnc");
    assert_eq!(field("profileURL2", None), "profile_url2");
}
