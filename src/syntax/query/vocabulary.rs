//! The closed vocabulary of query files: the captures, and what a predicate may ask with which words. `queries/README.md`
//! documents it, and a test compares the two.

use super::features::Features;
use super::words::{
    Asker, ChangeWord, Drive, EcosystemWord, ExposureWord, FirstRunWord, Need, OnFailure, OpenedWord, Place,
    ResourceWord, RoleWord, RunsAs, SecondRun, UnitWord, Word, WorkWord, known,
};
use std::ops::Range;
use std::sync::Arc;

/// Which part a pattern has in its rule: what its command node is captured as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// A command at fault …
    Finding,
    /// … unless this comes later.
    Follows,
    /// … unless this has come before.
    Precedes,
    /// … and only if this is there too.
    Other,
    /// The deploy is at fault if this is nowhere.
    Missing,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Part; 5] =
        [Part::Finding, Part::Follows, Part::Precedes, Part::Other, Part::Missing];

    /// The capture's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Finding => "finding",
            Part::Follows => "follows",
            Part::Precedes => "precedes",
            Part::Other => "other",
            Part::Missing => "missing",
        }
    }

    /// The part of that name.
    pub(super) fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What a predicate asks of one command. If it lists words, it holds if any of them does.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// `#second-run?`: what the command does when the script runs again.
    SecondRun(Vec<SecondRun>),
    /// `#first-run?`: what the command does in the first run on a new server.
    FirstRun(Vec<FirstRunWord>),
    /// `#effect?`: it makes such a change to a resource of such a kind.
    Effect {
        /// The change; `None` is `*`.
        change: Option<ChangeWord>,
        /// The kinds; empty is `*`.
        resources: Vec<ResourceWord>,
    },
    /// `#blamed?`: it is such a change that makes its second run go wrong.
    Blamed {
        /// The change; `None` is `*`.
        change: Option<ChangeWord>,
        /// The kinds; empty is `*`.
        resources: Vec<ResourceWord>,
    },
    /// `#role?`: what it is for.
    Role(Vec<RoleWord>),
    /// `#does?`: it does this work, by its role or, if its program is not known, by its words.
    Does(Vec<WorkWord>),
    /// `#ecosystem?`: whose program it is.
    Ecosystem(Vec<EcosystemWord>),
    /// `#installs-manifest?`: it installs what a manifest names.
    InstallsManifest,
    /// `#opaque?`: not all that it does is known, and it may do anything.
    Opaque,
    /// `#asks?`: it waits for an answer, and this asks.
    Asks(Vec<Asker>),
    /// `#runs-as?`: who runs it.
    RunsAs(Vec<RunsAs>),
    /// `#place?`: where it runs.
    Place(Vec<Place>),
    /// `#on-failure?`: what follows its failure.
    OnFailure(Vec<OnFailure>),
    /// `#has-flag?`: it is called with one of these flags, as its tool writes them: `-y`, `--yes`.
    HasFlag(Vec<String>),
    /// `#in-app-tree?`: it works in the app's directory.
    InAppTree,
    /// `#in-others-tree?`: it works where something lives that another account runs.
    InOthersTree,
    /// `#opens-to-all?`: it lets every account write to a path that is not open by design.
    OpensToAll,
    /// `#opened?`: what it opens to every account is such.
    Opened(Vec<OpenedWord>),
    /// `#redirects-as-caller?`: the caller's shell opens the file of its redirection, and only root may write there.
    RedirectsAsCaller,
    /// `#out-of-reach?`: its account can't reach a path that it is given.
    OutOfReach,
    /// `#unit-out-of-reach?`: the account of a unit that it brings can't reach a path that the unit needs.
    UnitOutOfReach,
    /// `#exposes-secret?`: it lets everybody read a secret, in one of these ways.
    ExposesSecret(Vec<ExposureWord>),
    /// `#needed-by-app?`: the app's account needs a path that it makes as root.
    NeededByApp,
    /// `#grants-root?`: it writes a line for sudo with which an account may run everything as root without a password.
    GrantsRoot,
    /// `#made-elsewhere?`: another script may have made the same account or directory.
    MadeElsewhere,
    /// `#environment-file?`: a file that it writes whole is an environment file.
    EnvironmentFile,
    /// `#lasting-line?`: it adds lines that are meant to last.
    LastingLine,
    /// `#brings-unit?`: it writes or installs the file of a unit; each unit is a match of its own.
    BringsUnit,
    /// `#overwrites-program?`: it writes into the file of the native program that a unit of the deploy runs; each unit is a
    /// match of its own.
    OverwritesProgram,
    /// `#drives-unit?`: it does one of these to a unit that the deploy brings, and names it; each unit is a match of its own.
    DrivesUnit(Vec<Drive>),
    /// `#unit?`: one of these is true of that unit.
    Unit(Vec<UnitWord>),
    /// `#leaves-old-code?`: it brings new code, and nothing restarts the app, whose unit is in the repo.
    LeavesOldCode,
    /// `#unread-sql?`: it runs SQL that is not known.
    UnreadSql,
    /// `#for-need?`: it works for what `#needed?` names: where that package is, on that environment.
    ForNeed,
    /// `#guarded?`: it runs behind a guard about the same resource.
    Guarded,
    /// `#word-matches?`: the word's value is known and matches.
    WordMatches {
        /// The word, as bytes of the text that was parsed.
        word: Range<usize>,
        /// The expression. It matches anywhere in the value unless it is anchored.
        pattern: Arc<regex::Regex>,
    },
    /// `#literal?`: the word's value is known.
    Literal {
        /// The word, as bytes of the text that was parsed.
        word: Range<usize>,
    },
}

impl Question {
    /// Lists of words. The answer can be yes only if the command has a word of each list.
    pub(super) fn needs(&self) -> Vec<Features> {
        match self {
            Question::SecondRun(words) => vec![Features::any_of(words)],
            Question::Role(words) => vec![Features::any_of(words)],
            Question::Ecosystem(words) => vec![Features::any_of(words)],
            Question::Asks(words) => vec![Features::any_of(words)],
            Question::RunsAs(words) => vec![Features::any_of(words)],
            Question::Place(words) => vec![Features::any_of(words)],
            Question::OnFailure(words) => vec![Features::any_of(words)],
            Question::Effect { change, resources } | Question::Blamed { change, resources } => {
                let change = change.map(|change| Features::any_of(&[change]));
                let resources = (!resources.is_empty()).then(|| Features::any_of(resources));
                change.into_iter().chain(resources).collect()
            }
            Question::OverwritesProgram => vec![Features::any_of(&[ChangeWord::Write])],
            Question::BringsUnit => {
                vec![Features::any_of(&[ChangeWord::Write, ChangeWord::Create, ChangeWord::Append])]
            }
            Question::DrivesUnit(drives) => {
                let changes: Vec<ChangeWord> = drives.iter().map(|drive| drive.change()).collect();
                vec![Features::any_of(&changes), Features::any_of(&[ResourceWord::Unit])]
            }
            Question::LeavesOldCode => vec![Features::any_of(&[RoleWord::Source])],
            Question::OpensToAll | Question::Opened(_) => vec![Features::any_of(&[ChangeWord::Mode])],
            Question::InstallsManifest => vec![Features::any_of(&[RoleWord::Dependencies])],
            Question::ExposesSecret(words) => {
                let makes = [ChangeWord::Create, ChangeWord::Write, ChangeWord::Append];
                let modes = [ChangeWord::Mode];
                let new = words.contains(&ExposureWord::New).then_some(&makes[..]);
                let others = words.iter().any(|word| *word != ExposureWord::New).then_some(&modes[..]);
                let changes: Vec<ChangeWord> =
                    [new, others].into_iter().flatten().flatten().copied().collect();
                vec![Features::any_of(&changes)]
            }
            Question::NeededByApp | Question::GrantsRoot => {
                vec![Features::any_of(&[ChangeWord::Create, ChangeWord::Write, ChangeWord::Append])]
            }
            Question::MadeElsewhere => vec![Features::any_of(&[ChangeWord::Create])],
            Question::UnitOutOfReach => vec![Features::any_of(&[ResourceWord::Path, ResourceWord::Unit])],
            Question::FirstRun(_)
            | Question::Does(_)
            | Question::Opaque
            | Question::HasFlag(_)
            | Question::InAppTree
            | Question::InOthersTree
            | Question::RedirectsAsCaller
            | Question::OutOfReach
            | Question::EnvironmentFile
            | Question::LastingLine
            | Question::Unit(_)
            | Question::UnreadSql
            | Question::ForNeed
            | Question::Guarded
            | Question::WordMatches { .. }
            | Question::Literal { .. } => Vec::new(),
        }
    }
}

/// How two commands of one rule stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    /// `#after?`: the first one surely comes later.
    After,
    /// `#later?`: the first one comes later in the script, whether it runs or not.
    Later,
    /// `#may-bring-unit?`: the first one may bring the unit that the second one drives.
    MayBringUnit,
    /// `#drives-alike?`: the first one starts or restarts the unit that the second one starts or restarts, or enables the one
    /// that it only enables.
    DrivesAlike,
    /// `#narrows?`: the first one takes back what the second one opened to all.
    Narrows,
    /// `#before?`: the first one surely comes earlier.
    Before,
    /// `#covers?`: it changes the path that the second one makes, or all that lies in a directory above it.
    Covers,
    /// `#first-makes?`: the first one is the first to make what the second one, which stands above it, needs.
    FirstMakes,
    /// `#hides?`: after the first one others can't read what the second one lets them read.
    Hides,
    /// `#gives-away?`: after the first one the app's account has all that it needs of what the second one makes.
    GivesAway,
    /// `#holds?`: the second one makes its paths in one that the first one makes, and that stays root's.
    Holds,
    /// `#asks-for?`: a guard of the first one asks for what the second one makes.
    AsksFor,
    /// `#same-resource?`: both change one and the same thing.
    SameResource,
    /// `#same-unit?`: both are about one unit.
    SameUnit,
    /// `#same-directory?`: both work in one directory.
    SameDirectory,
    /// `#same-place?`: both run on one machine, or in one container.
    SamePlace,
    /// `#same-user?`: one account runs both.
    SameUser,
    /// `#same-ecosystem?`: both are programs of one ecosystem.
    SameEcosystem,
    /// `#same-packages?`: both work on one virtual environment, or on one tree of packages.
    SamePackages,
    /// `#other-packages?`: they work on trees of packages of which neither contains the other.
    OtherPackages,
}

/// What a predicate asks, before it is known which word it is about.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Command(Question),
    Matches(Arc<regex::Regex>),
    Literal,
    Relation(Relation),
    Need(Need),
}

/// What a predicate is about: what its first arguments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The command that the pattern captures.
    Command,
    Word,
    /// Two commands of the rule.
    Two,
    /// The deploy as a whole; there is no capture.
    Deploy,
}

/// What a predicate takes after its captures.
pub(super) enum Arguments {
    /// Nothing.
    None(fn() -> Ask),
    /// One or more words of a list.
    Words(fn(&[&str]) -> Result<Ask, Refused>),
    /// A word of one list, then one or more of another.
    Pair(fn(&str, &[&str]) -> Result<Ask, Refused>),
    /// Exactly one.
    One(fn(&str) -> Result<Ask, Refused>),
}

/// Which argument (captures are not counted) is wrong, and why.
pub(super) type Refused = (usize, String);

/// A predicate: its name, what it is about, and what it takes.
pub(super) struct Predicate {
    pub(super) name: &'static str,
    pub(super) about: About,
    pub(super) arguments: Arguments,
}

pub(super) const PREDICATES: &[Predicate] = &[
    command("second-run", Arguments::Words(|w| list(w, Question::SecondRun))),
    command("first-run", Arguments::Words(|w| list(w, Question::FirstRun))),
    command(
        "blamed",
        Arguments::Pair(|c, r| change(c, r, |change, resources| Question::Blamed { change, resources })),
    ),
    command(
        "effect",
        Arguments::Pair(|c, r| change(c, r, |change, resources| Question::Effect { change, resources })),
    ),
    command("role", Arguments::Words(|w| list(w, Question::Role))),
    command("does", Arguments::Words(|w| list(w, Question::Does))),
    command("ecosystem", Arguments::Words(|w| list(w, Question::Ecosystem))),
    command("installs-manifest", Arguments::None(|| Ask::Command(Question::InstallsManifest))),
    command("opaque", Arguments::None(|| Ask::Command(Question::Opaque))),
    command("asks", Arguments::Words(|w| list(w, Question::Asks))),
    command("runs-as", Arguments::Words(|w| list(w, Question::RunsAs))),
    command("place", Arguments::Words(|w| list(w, Question::Place))),
    command("on-failure", Arguments::Words(|w| list(w, Question::OnFailure))),
    command("has-flag", Arguments::Words(flags)),
    command("in-app-tree", Arguments::None(|| Ask::Command(Question::InAppTree))),
    command("in-others-tree", Arguments::None(|| Ask::Command(Question::InOthersTree))),
    command("opens-to-all", Arguments::None(|| Ask::Command(Question::OpensToAll))),
    command("opened", Arguments::Words(|w| list(w, Question::Opened))),
    command("redirects-as-caller", Arguments::None(|| Ask::Command(Question::RedirectsAsCaller))),
    command("out-of-reach", Arguments::None(|| Ask::Command(Question::OutOfReach))),
    command("unit-out-of-reach", Arguments::None(|| Ask::Command(Question::UnitOutOfReach))),
    command("exposes-secret", Arguments::Words(|w| list(w, Question::ExposesSecret))),
    command("needed-by-app", Arguments::None(|| Ask::Command(Question::NeededByApp))),
    command("grants-root", Arguments::None(|| Ask::Command(Question::GrantsRoot))),
    command("made-elsewhere", Arguments::None(|| Ask::Command(Question::MadeElsewhere))),
    command("environment-file", Arguments::None(|| Ask::Command(Question::EnvironmentFile))),
    command("lasting-line", Arguments::None(|| Ask::Command(Question::LastingLine))),
    command("brings-unit", Arguments::None(|| Ask::Command(Question::BringsUnit))),
    command("overwrites-program", Arguments::None(|| Ask::Command(Question::OverwritesProgram))),
    command("drives-unit", Arguments::Words(|w| list(w, Question::DrivesUnit))),
    command("unit", Arguments::Words(|w| list(w, Question::Unit))),
    command("leaves-old-code", Arguments::None(|| Ask::Command(Question::LeavesOldCode))),
    command("unread-sql", Arguments::None(|| Ask::Command(Question::UnreadSql))),
    command("for-need", Arguments::None(|| Ask::Command(Question::ForNeed))),
    command("guarded", Arguments::None(|| Ask::Command(Question::Guarded))),
    word("word-matches", Arguments::One(pattern)),
    word("literal", Arguments::None(|| Ask::Literal)),
    two("after", Arguments::None(|| Ask::Relation(Relation::After))),
    two("before", Arguments::None(|| Ask::Relation(Relation::Before))),
    two("later", Arguments::None(|| Ask::Relation(Relation::Later))),
    two("may-bring-unit", Arguments::None(|| Ask::Relation(Relation::MayBringUnit))),
    two("drives-alike", Arguments::None(|| Ask::Relation(Relation::DrivesAlike))),
    two("narrows", Arguments::None(|| Ask::Relation(Relation::Narrows))),
    two("covers", Arguments::None(|| Ask::Relation(Relation::Covers))),
    two("first-makes", Arguments::None(|| Ask::Relation(Relation::FirstMakes))),
    two("hides", Arguments::None(|| Ask::Relation(Relation::Hides))),
    two("gives-away", Arguments::None(|| Ask::Relation(Relation::GivesAway))),
    two("holds", Arguments::None(|| Ask::Relation(Relation::Holds))),
    two("asks-for", Arguments::None(|| Ask::Relation(Relation::AsksFor))),
    two("same-resource", Arguments::None(|| Ask::Relation(Relation::SameResource))),
    two("same-unit", Arguments::None(|| Ask::Relation(Relation::SameUnit))),
    two("same-directory", Arguments::None(|| Ask::Relation(Relation::SameDirectory))),
    two("same-place", Arguments::None(|| Ask::Relation(Relation::SamePlace))),
    two("same-user", Arguments::None(|| Ask::Relation(Relation::SameUser))),
    two("same-ecosystem", Arguments::None(|| Ask::Relation(Relation::SameEcosystem))),
    two("same-packages", Arguments::None(|| Ask::Relation(Relation::SamePackages))),
    two("other-packages", Arguments::None(|| Ask::Relation(Relation::OtherPackages))),
    Predicate {
        name: "needed",
        about: About::Deploy,
        arguments: Arguments::One(|w| Ok(Ask::Need(find(0, w)?))),
    },
];

const fn command(name: &'static str, arguments: Arguments) -> Predicate {
    Predicate { name, about: About::Command, arguments }
}

const fn word(name: &'static str, arguments: Arguments) -> Predicate {
    Predicate { name, about: About::Word, arguments }
}

const fn two(name: &'static str, arguments: Arguments) -> Predicate {
    Predicate { name, about: About::Two, arguments }
}

fn change(
    change: &str,
    resources: &[&str],
    question: fn(Option<ChangeWord>, Vec<ResourceWord>) -> Question,
) -> Result<Ask, Refused> {
    let change = if change == "*" { None } else { Some(find(0, change)?) };
    let words = resources.iter().enumerate().filter(|(_, word)| resources.len() > 1 || **word != "*");
    let resources = words.map(|(index, word)| find(index + 1, word)).collect::<Result<_, _>>()?;
    Ok(Ask::Command(question(change, resources)))
}

fn list<W: Word>(words: &[&str], question: fn(Vec<W>) -> Question) -> Result<Ask, Refused> {
    let words = words.iter().enumerate().map(|(i, word)| find(i, word));
    Ok(Ask::Command(question(words.collect::<Result<_, _>>()?)))
}

fn find<W: Word>(index: usize, word: &str) -> Result<W, Refused> {
    let found = W::ALL.iter().find(|(name, _)| *name == word);
    found.map(|(_, word)| *word).ok_or_else(|| {
        let names: Vec<String> = W::ALL.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        (index, format!("unknown word \"{word}\"; {}", known(&format!("\"{word}\""), &names)))
    })
}

fn flags(flags: &[&str]) -> Result<Ask, Refused> {
    for (index, flag) in flags.iter().enumerate() {
        if !flag.starts_with('-') || flag.trim_matches('-').is_empty() || flag.contains('=') {
            let reason = format!("\"{flag}\" is not a flag; write it as \"-y\" or \"--yes\"");
            return Err((index, reason));
        }
    }
    let flags = flags.iter().map(|f| (*f).to_owned()).collect();
    Ok(Ask::Command(Question::HasFlag(flags)))
}

fn pattern(text: &str) -> Result<Ask, Refused> {
    match regex::Regex::new(text) {
        Ok(regex) => Ok(Ask::Matches(Arc::new(regex))),
        Err(error) => {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default();
            let reason = last.trim_start_matches("error: ");
            Err((0, format!("the regular expression is wrong: {reason}")))
        }
    }
}
