//! `locospec spec`: the spec itself, to be checked (`lint`), searched (`list`, `show`), taken elsewhere (`export`) and
//! read (`doc`).

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::check::read_spec;
use super::client::parse_era;
use super::files::{make_dir, write};
use super::{Exit, Failure, Outcome, talk};
use crate::proto::secure::Era;
use crate::spec::catalogue::export::Export;
use crate::spec::catalogue::list::{self, Filter, State};
use crate::spec::catalogue::{Catalogue, Ink, page, wireshark};
use crate::spec::corpus::Corpus;
use crate::spec::format::command::{Direction, Group, Place};
use crate::spec::{coverage, doc, lint};

/// How wide a page is where nobody knows how wide the terminal is.
const WIDTH: usize = 100;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// The folder of the spec
    #[arg(long, value_name = "DIR", global = true)]
    spec: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check every file of the spec, and that requirements, cases and code name each other
    Lint {
        /// The sources that cite requirements; without it `src`, where there is one
        #[arg(long, value_name = "DIR")]
        src: Option<PathBuf>,
    },
    /// The methods of the wire, one line each
    List(ListArgs),
    /// A page about a method, a type, an enum, a status or a requirement
    Show {
        /// Its name, such as WRITE, chat-log, -950 or CHAT-WRITE-1; a kind may stand in front: `show type member`
        #[arg(value_name = "NAME", required = true, num_args = 1..=2, allow_negative_numbers = true)]
        name: Vec<String>,
    },
    /// Which requirements the cases prove: how many cases of each role, and what has none
    Coverage {
        /// Only requirements with this in the id
        #[arg(value_name = "WORD")]
        word: Option<String>,
    },
    /// The catalogue and the requirements as one document for other tools
    Export {
        /// As JSON, which is what it is without a word too
        #[arg(long)]
        json: bool,
        /// As a dissector for Wireshark, in Lua
        #[arg(long, conflicts_with = "json")]
        wireshark: bool,
        /// Where to; without it stdout
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write the reference: LOCO.md, and LOCO.html, which is one file that searches itself
    Doc {
        /// Where to
        #[arg(long, value_name = "DIR", default_value = "target/spec-doc")]
        out: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only methods with this in the name, the title, or a field's name, label or meaning
    #[arg(value_name = "WORD")]
    word: Option<String>,
    /// Only methods of this generation of the protocol
    #[arg(long, value_parser = parse_era)]
    era: Option<Era>,
    /// Only requests, or only pushes
    #[arg(long, value_name = "request|push", value_parser = direction)]
    dir: Option<Direction>,
    /// Only this chapter
    #[arg(long, value_parser = group)]
    group: Option<Group>,
    /// Only this connection: booking, ticket, entry, carriage or media
    #[arg(long, value_parser = connection)]
    connection: Option<Place>,
    /// Only methods of which this is known: disputed, unknown, known or partial
    #[arg(long, value_parser = state)]
    status: Option<State>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// The choice called `word`, or what there is to choose from.
fn choose<T>(word: &str, all: impl IntoIterator<Item = (&'static str, T)>) -> Result<T, String> {
    let mut words = Vec::new();
    for (name, choice) in all {
        if name == word {
            return Ok(choice);
        }
        words.push(name);
    }
    Err(format!("one of {}", words.join(", ")))
}

fn direction(word: &str) -> Result<Direction, String> {
    choose(word, [Direction::Request, Direction::Push].map(|d| (d.as_str(), d)))
}

fn group(word: &str) -> Result<Group, String> {
    choose(word, Group::ALL.map(|g| (g.as_str(), g)))
}

fn connection(word: &str) -> Result<Place, String> {
    choose(word, Place::ALL.map(|d| (d.as_str(), d)))
}

fn state(word: &str) -> Result<State, String> {
    choose(word, State::ALL)
}

/// Does what is asked of the spec.
///
/// # Errors
/// Files that cannot be read, understood or written; names that do not exist.
pub fn run(args: &Args) -> Outcome {
    let corpus = read_spec(args.spec.as_deref())?;
    match &args.what {
        What::Lint { src } => lint_all(&corpus, src.as_deref()),
        What::Coverage { word } => show_coverage(&corpus, word.as_deref().unwrap_or_default()),
        What::List(args) => list_methods(&catalogue(&corpus)?, args),
        What::Show { name } => show(&Catalogue::new(&corpus), name),
        What::Export { json: _, wireshark, file } => {
            let sound = sound(&corpus)?;
            let text = if *wireshark {
                wireshark::lua(&sound)
            } else {
                Export::of(&sound).to_json().map_err(Failure::incomplete)?
            };
            match file {
                Some(file) => write(file, &text).map(|()| Exit::Ok),
                None => print(&text),
            }
        }
        What::Doc { out } => write_doc(&sound(&corpus)?, out),
    }
}

/// The catalogue, which is not empty.
fn catalogue(corpus: &Corpus) -> Result<Catalogue<'_>, Failure> {
    if corpus.commands.is_empty() {
        return Err(Failure::usage("this spec has no catalogue: there is no file in commands/"));
    }
    Ok(Catalogue::new(corpus))
}

/// The catalogue, which holds together: what others read from it must not be wrong.
fn sound(corpus: &Corpus) -> Result<Catalogue<'_>, Failure> {
    let found = lint::corpus(corpus);
    if found.is_empty() {
        return catalogue(corpus);
    }
    Err(Failure::usage(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn lint_all(corpus: &Corpus, src: Option<&Path>) -> Outcome {
    let mut wrong = lint::corpus(corpus);
    let src = src.or_else(|| Some(Path::new("src")).filter(|s| s.is_dir()));
    if let Some(src) = src {
        let cited = lint::citations(src).map_err(Failure::usage)?;
        wrong.extend(lint::code(corpus, &cited));
    }
    print(&wrong.iter().map(|w| format!("{w}\n")).collect::<String>())?;
    let c = Catalogue::new(corpus);
    talk!(
        "{} requirements, {} cases, {} methods, {} types, {} enums, {} statuses, {} faults",
        c.requirements().len(),
        corpus.cases.len(),
        corpus.commands.len(),
        c.types().len(),
        c.enums().len(),
        c.statuses().len(),
        wrong.len()
    );
    Ok(if wrong.is_empty() { Exit::Ok } else { Exit::Found })
}

fn show_coverage(corpus: &Corpus, word: &str) -> Outcome {
    let rows: Vec<_> = coverage::rows(corpus).into_iter().filter(|r| r.requirement.id.contains(word)).collect();
    if rows.is_empty() {
        return Err(Failure::usage(format!("no requirement has `{word}` in its id")));
    }
    print(&coverage::table(&rows))?;
    let reached = coverage::coverage(corpus);
    talk!("{reached}");
    Ok(if reached.open.is_empty() { Exit::Ok } else { Exit::Found })
}

fn list_methods(catalogue: &Catalogue<'_>, args: &ListArgs) -> Outcome {
    let filter = Filter {
        word: args.word.clone(),
        era: args.era,
        direction: args.dir,
        group: args.group,
        connection: args.connection,
        state: args.status,
    };
    let found = list::select(catalogue, &filter);
    if args.json {
        return print(&format!("{:#}\n", list::json(&found)));
    }
    print(&list::lines(&found))?;
    talk!("{}", list::count(&found, catalogue));
    Ok(Exit::Ok)
}

fn show(catalogue: &Catalogue<'_>, words: &[String]) -> Outcome {
    let (kind, name) = match words {
        [name] => (None, name),
        [kind, name] if page::KINDS.contains(&kind.as_str()) => (Some(kind.as_str()), name),
        [kind, ..] => return Err(Failure::usage(format!("`{kind}` is no kind: {}", page::KINDS.join(", ")))),
        [] => return Err(Failure::usage("which name?")),
    };
    let topics = page::find(catalogue, kind, name);
    if topics.is_empty() {
        let near = page::nearest(catalogue, name);
        let what = kind.unwrap_or("method, type, enum, status or requirement");
        let hint = if near.is_empty() {
            "`locospec spec list` has the methods".to_string()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        return Err(Failure::usage(format!("no {what} is called `{name}`; {hint}")));
    }
    let ink = if io::stdout().is_terminal() { Ink::Ansi } else { Ink::Plain };
    print(&page::page(catalogue, &topics, width(), ink))
}

/// The characters of a line of the terminal.
fn width() -> usize {
    let stdout = io::stdout();
    let size = if stdout.is_terminal() { terminal_size::terminal_size_of(&stdout) } else { None };
    size.map_or(WIDTH, |(w, _)| usize::from(w.0))
}

fn print(text: &str) -> Outcome {
    super::print(text).map(|()| Exit::Ok)
}

fn write_doc(catalogue: &Catalogue<'_>, out: &Path) -> Outcome {
    make_dir(out)?;
    for (name, text) in [("LOCO.md", doc::markdown(catalogue)), ("LOCO.html", doc::html(catalogue))] {
        let path = out.join(name);
        write(&path, &text)?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Ok)
}
