//! `env/other-name`: the deployment sets a variable that nothing reads, and the code reads one of nearly the same name.

use crate::facts::environment::names::{is_given, is_of_library};
use crate::facts::environment::table::{Variable, Writer};
use crate::facts::world::World;
use crate::finding::Finding;
use crate::project::env::Use;
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::source::Span;
use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// `env/other-name`.
pub(super) fn other_name(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let project = context.project;
    if project.env.uses.is_empty() || reads_any_name(context) {
        return;
    }
    let table = context.environment();
    let built = LazyCell::new(|| of_built_services(context));
    let names = LazyCell::new(|| Names::of(context));
    for (name, variable) in table.iter() {
        let read = !variable.reads.is_empty() || table.is_read_by_code(name);
        let passed = variable.writes.iter().any(|w| matches!(w.by, Writer::Dockerfile | Writer::Code));
        if read || passed || is_given(name) || is_read_by_others(context, name) {
            continue;
        }
        let Some((span, by)) = place(variable, &built) else { continue };
        let beside = LazyCell::new(|| in_the_same_service(context, span));
        let unset = |one: &Use| -> bool {
            let writes = table.get(&one.name).into_iter().flat_map(|variable| &variable.writes);
            let set = match by {
                // What another container gets does not reach this one.
                Writer::Compose => beside.iter().any(|known| known.eq_ignore_ascii_case(&one.name)),
                _ => writes.into_iter().any(|write| write.by == by || write.by == Writer::Written),
            };
            !set
        };
        let is_meant = |one: &Use| {
            let bare = name.strip_suffix("_FILE");
            let of_file = || bare.is_some_and(|bare| bare.eq_ignore_ascii_case(&one.name));
            // Libraries of settings take `SHOP__DEBUG` for the field `debug` of `SHOP`.
            let is_field = name.split_once("__").is_some_and(|(of, _)| of.eq_ignore_ascii_case(&one.name));
            is_field || of_file() && reads_files_of_any_name(context)
        };
        let Some(one) = names.like(name).find(|one| unset(one) && !is_meant(one)) else { continue };
        let reads = one.name.to_ascii_uppercase();
        let message = format!("nothing reads `{name}`, which is set here: the code reads `{reads}`");
        let draft = context
            .finding(id::ENV_OTHER_NAME, span, message)
            .help(format!("set `{reads}` instead, if that is what was meant, or remove `{name}`"))
            .related(one.span, "the code reads this");
        found.push(draft.done());
    }
}

/// True if there is code in a language that is not read, because that may read any name.
fn reads_any_name(context: &World<'_, '_>) -> bool {
    context.project.inventory.others.iter().any(|path| {
        ["go", "rs", "java", "kt", "rb", "php", "cs", "ex", "exs", "scala", "swift", "c", "cc", "cpp"]
            .contains(&path.rsplit('.').next().unwrap_or_default())
    })
}

/// True if a script or the code puts `_FILE` behind names that it does not spell out, as the entrypoints of official images
/// do: `${var}_FILE`, `name + "_FILE"`, `file_env`.
fn reads_files_of_any_name(context: &World<'_, '_>) -> bool {
    const FORMS: [&str; 4] = ["}_FILE", "\"_FILE", "'_FILE", "file_env "];
    let project = context.project;
    let scripts = project.texts.iter().map(|(_, file)| *file);
    let mut files: BTreeSet<_> = scripts.collect();
    files.extend(project.env.uses.iter().map(|one| one.span.file));
    files.into_iter().any(|file| {
        let text = context.sources.file(file).text();
        FORMS.iter().any(|form| text.contains(form))
    })
}

/// The variables of services that are built from the repo. Images of other people read names of their own.
fn of_built_services(context: &World<'_, '_>) -> HashSet<Span> {
    let services = context.project.composes.iter().filter(|compose| !compose.is_development());
    let services = services.flat_map(|compose| &compose.services).filter(|service| service.build.is_some());
    services.flat_map(|service| &service.environment).map(|variable| variable.span).collect()
}

/// The names that the same services set, if it is a service that sets a variable here.
fn in_the_same_service<'w>(context: &'w World<'_, '_>, span: Span) -> Vec<&'w str> {
    let services = context.project.composes.iter().flat_map(|compose| &compose.services);
    let own = services.filter(|service| service.environment.iter().any(|variable| variable.span == span));
    own.flat_map(|service| &service.environment).map(|variable| variable.name.as_str()).collect()
}

/// Where the deployment sets it, and by what.
fn place(variable: &Variable, built: &HashSet<Span>) -> Option<(Span, Writer)> {
    let sets = |write: &&crate::facts::environment::table::Write| match write.by {
        Writer::Compose => built.contains(&write.span) && write.value.is_some(),
        Writer::Unit => true,
        _ => false,
    };
    variable.writes.iter().find(sets).map(|write| (write.span, write.by))
}

/// True if a library may read the name, or a script has it in some other way.
fn is_read_by_others(context: &World<'_, '_>, name: &str) -> bool {
    let node = context.project.inventory.code.iter().any(|path| !path.ends_with(".py"));
    // Only a package of node reads this name by itself.
    let debug = name == "DEBUG" && !node;
    is_of_library(name) && !debug || context.environment().words_of_scripts.contains(name)
}

/// The names that the code reads, to be found by others that are nearly the same.
struct Names<'n> {
    reads: Vec<(&'n Use, Name<'n>)>,
    /// Where the names stand in `reads`, by each of their forms.
    by_form: HashMap<Form, Vec<usize>>,
}

/// What a name has in common with another that is like it.
#[derive(PartialEq, Eq, Hash)]
enum Form {
    Joined(String),
    Words(Vec<String>),
    /// The words without one at an end.
    Shorter(Vec<String>),
}

impl<'n> Names<'n> {
    fn of(context: &'n World<'_, '_>) -> Names<'n> {
        let counts = |one: &&Use| !is_beside(context.sources.file(one.span.file).path());
        let mut known = HashSet::new();
        let uses = context.project.env.uses.iter().filter(counts).filter(|one| known.insert(&one.name));
        let mut names = Names { reads: Vec::new(), by_form: HashMap::new() };
        for (at, one) in uses.enumerate() {
            let name = Name::new(&one.name);
            let shorter = name.shorter().map(|words| Form::Shorter(words.to_vec()));
            let forms = [Form::Joined(name.joined.clone()), Form::Words(name.words.clone())];
            for form in forms.into_iter().chain(shorter) {
                names.by_form.entry(form).or_default().push(at);
            }
            names.reads.push((one, name));
        }
        names
    }

    /// The names that are nearly `name`, in the order of the code.
    fn like(&self, name: &'n str) -> impl Iterator<Item = &'n Use> {
        let own = Name::new(name);
        let shorter = own.shorter().map(|words| Form::Words(words.to_vec()));
        let words = [Form::Words(own.words.clone()), Form::Shorter(own.words.clone())];
        let forms = [Form::Joined(own.joined.clone())].into_iter().chain(words).chain(shorter);
        let at: BTreeSet<usize> =
            forms.filter_map(|form| self.by_form.get(&form)).flatten().copied().collect();
        at.into_iter()
            .map(|at| &self.reads[at])
            .filter(move |(_, read)| own.is_like(read))
            .map(|(one, _)| *one)
    }
}

/// A name, taken apart once to be compared with others.
struct Name<'n> {
    text: &'n str,
    /// Without `_`.
    joined: String,
    words: Vec<String>,
}

impl<'n> Name<'n> {
    fn new(text: &'n str) -> Name<'n> {
        Name { text, joined: text.replace('_', ""), words: words(text) }
    }

    /// The words without the last and without the first.
    fn shorter(&self) -> [&[String]; 2] {
        match self.words.as_slice() {
            [_, middle @ .., _] => [&self.words[..=middle.len()], &self.words[1..]],
            _ => [&[], &[]],
        }
    }

    /// True if one name is the other with one word more at either end, or with its words joined or cut short.
    fn is_like(&self, read: &Name<'_>) -> bool {
        if self.text == read.text || read.words.first().is_some_and(|word| word == "TEST") {
            return false;
        }
        let longer = |long: &[String], short: &[String]| {
            long.len() == short.len() + 1 && (long[1..] == *short || long[..short.len()] == *short)
        };
        longer(&self.words, &read.words)
            || longer(&read.words, &self.words)
            || self.joined == read.joined
            || self.words == read.words
    }
}

/// The words of a name, in capitals and written out.
fn words(name: &str) -> Vec<String> {
    const SHORT: [(&str, &str); 6] = [
        ("ENV", "ENVIRONMENT"),
        ("DB", "DATABASE"),
        ("PASS", "PASSWORD"),
        ("PASSWD", "PASSWORD"),
        ("PWD", "PASSWORD"),
        ("ADDR", "ADDRESS"),
    ];
    let long =
        |word: &str| SHORT.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long).to_owned();
    name.to_ascii_uppercase().split('_').filter(|word| !word.is_empty()).map(long).collect()
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_alike_by_one_word_or_a_short_form() {
        for (set, read, like) in [
            ("DEBUG", "DJANGO_DEBUG", true),
            ("HUBCLOCK_ENV", "ENVIRONMENT", true),
            ("SECRET_KEY_FILE", "SECRET_KEY", true),
            ("DBHOST", "DB_HOST", true),
            ("DB_PASS", "DATABASE_PASSWORD", true),
            ("LOGLEVEL", "LOG_LEVEL", true),
            ("DB_HOST", "TEST_DB_HOST", false),
            ("DB_HOST", "DB_PORT", false),
            ("URL", "NEXT_PUBLIC_API_URL", false),
        ] {
            assert_eq!(Name::new(set).is_like(&Name::new(read)), like, "{set} {read}");
        }
    }
}
