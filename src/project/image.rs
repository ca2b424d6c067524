//! What the image of a Compose service starts: `ENTRYPOINT` and `CMD` of the stage that is built,
//! <https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact>.

use crate::finding::Gap;
use crate::limit;
use crate::project::compose::{Built, Compose, Run, Service, Text, line_of_words};
use crate::repo::files::Root;
use crate::repo::names::base;
use crate::source::{FileId, Sources, Span};
use parse_dockerfile::{Command, Dockerfile, HealthcheckArguments, Instruction};
use std::collections::HashMap;
use std::ops::Range;

/// Fills in what the images start, for services that are built from the repo. A Dockerfile that cannot be read, that is
/// wrong, or that lies outside the root says nothing.
pub(crate) fn fill_in(root: &Root, composes: &mut [Compose], sources: &mut Sources, gaps: &mut Vec<Gap>) {
    let mut built: Vec<(&mut Service, FileId)> = Vec::new();
    for compose in composes {
        let mut read = |service: &Service| {
            let path = dockerfile_of(compose, service)?;
            root.read(&path, sources).ok()
        };
        let files: Vec<Option<FileId>> = compose.services.iter().map(&mut read).collect();
        let services = compose.services.iter_mut().zip(files);
        built.extend(services.filter_map(|(service, file)| Some((service, file?))));
    }
    // Several services are often built from one Dockerfile.
    let mut parsed: HashMap<FileId, Option<Dockerfile<'_>>> = HashMap::new();
    for (service, file) in built {
        let dockerfile = parsed.entry(file).or_insert_with(|| {
            let source = sources.file(file);
            limit::piece(|| parse_dockerfile::parse(source.text()).ok()).unwrap_or_else(|failure| {
                let reason = failure.reason("the reader of Dockerfiles");
                gaps.push(Gap { file: source.path().to_owned(), place: None, reason });
                None
            })
        });
        let build = service.build.as_ref();
        let target = build.and_then(|build| build.target.as_ref()).map(|target| target.text.as_str());
        let Some((mut built, start)) = dockerfile.as_ref().and_then(|dockerfile| start(dockerfile, target))
        else {
            continue;
        };
        built.runs = dockerfile.as_ref().map(|dockerfile| runs(dockerfile, file)).unwrap_or_default();
        service.built = Some(built);
        // An entrypoint of Compose's own takes the place of what the image says.
        if service.entrypoint.is_none() {
            service.of_image = start.with(file, service.command.as_ref());
        }
    }
}

/// The path of the Dockerfile that the service is built from, from the root.
fn dockerfile_of(compose: &Compose, service: &Service) -> Option<String> {
    let build = service.build.as_ref().filter(|build| !build.inline)?;
    let directory = compose.path(&build.context)?;
    let name = build.dockerfile.as_ref().map_or("Dockerfile", |name| name.text.as_str());
    let given = Text { text: format!("{}/{name}", build.context.text), span: build.context.span };
    if directory.is_empty() { compose.path(&given) } else { compose.path(&given).filter(|p| p != &directory) }
}

/// A command line of a Dockerfile.
struct Line {
    text: String,
    place: Range<usize>,
    /// True for a list of words, and false for a text that the shell reads.
    is_list: bool,
}

/// What an image starts.
struct Start {
    entrypoint: Option<Line>,
    command: Option<Line>,
}

impl Start {
    /// The whole line, with the command that Compose gives the image if there is one.
    fn with(self, file: FileId, given: Option<&Text>) -> Option<Text> {
        let at = |place: &Range<usize>| Span { file, start: place.start as u32, end: place.end as u32 };
        let command = match given {
            Some(given) => Some(given.clone()),
            None => self.command.map(|line| Text { span: at(&line.place), text: line.text }),
        };
        let Some(entrypoint) = self.entrypoint else { return command };
        let span = at(&entrypoint.place);
        match command {
            // A script that ends with `exec "$@"` starts the command.
            Some(command) if is_script(&entrypoint.text) => Some(command),
            // The shell form of an entrypoint takes no command.
            Some(command) if entrypoint.is_list => {
                let span = given.map_or(span, |given| given.span);
                Some(Text { text: format!("{} {}", entrypoint.text, command.text), span })
            }
            _ => Some(Text { text: entrypoint.text, span }),
        }
    }
}

/// What the image of the last stage is and starts, or of the one with this name. A stage that starts from another one
/// inherits from it.
fn start(dockerfile: &Dockerfile<'_>, target: Option<&str>) -> Option<(Built, Start)> {
    let stages: Vec<_> = dockerfile.stages().collect();
    let named = |name: &str| {
        stages
            .iter()
            .position(|s| s.from.as_.as_ref().is_some_and(|(_, a)| a.value.eq_ignore_ascii_case(name)))
    };
    let mut at = match target {
        Some(target) => named(target).or_else(|| target.parse().ok())?,
        None => stages.len().checked_sub(1)?,
    };
    let (mut entrypoint, mut command, mut healthcheck) = (None, None, None);
    let base = loop {
        let stage = stages.get(at)?;
        let of_stage =
            |wanted: fn(&Instruction<'_>) -> bool| stage.instructions.iter().rev().find(|i| wanted(i));
        let is_entrypoint = |i: &Instruction<'_>| matches!(i, Instruction::Entrypoint(_));
        let is_command = |i: &Instruction<'_>| matches!(i, Instruction::Cmd(_));
        // An entrypoint resets the command that the stage inherits.
        command = command.or_else(|| of_stage(is_command).filter(|_| entrypoint.is_none()));
        entrypoint = entrypoint.or_else(|| of_stage(is_entrypoint));
        healthcheck = healthcheck.or_else(|| of_stage(|i| matches!(i, Instruction::Healthcheck(_))));
        // A stage can start only from an earlier one.
        match named(&stage.from.image.value).filter(|from| *from < at) {
            Some(from) => at = from,
            None => break stage.from.image.value.to_string(),
        }
    };
    let line = |instruction: Option<&Instruction<'_>>| match instruction {
        Some(Instruction::Entrypoint(entrypoint)) => Some(written(&entrypoint.arguments)),
        Some(Instruction::Cmd(command)) => Some(written(&command.arguments)),
        _ => None,
    };
    let built = Built {
        base,
        starts: entrypoint.is_some() || command.is_some(),
        runs: Vec::new(),
        healthcheck: matches!(
            healthcheck,
            Some(Instruction::Healthcheck(check)) if !matches!(check.arguments, HealthcheckArguments::None { .. })
        ),
    };
    Some((built, Start { entrypoint: line(entrypoint), command: line(command) }))
}

/// What each stage runs while it is built, behind what the stage that it starts from has run.
fn runs(dockerfile: &Dockerfile<'_>, file: FileId) -> Vec<Vec<Run>> {
    let mut all: Vec<(Option<String>, Vec<Run>, bool)> = Vec::new();
    for stage in dockerfile.stages() {
        let from = &stage.from.image.value;
        let base = all.iter().find(|(name, ..)| name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(from)));
        let (mut runs, mut is_production) =
            base.map_or((Vec::new(), false), |(_, runs, production)| (runs.clone(), *production));
        for instruction in stage.instructions {
            match instruction {
                Instruction::Env(env) if env.arguments.value.contains("NODE_ENV") => {
                    is_production = env.arguments.value.contains("production");
                }
                Instruction::Run(run) => {
                    let Line { text, place, .. } = written(&run.arguments);
                    let span = Span { file, start: place.start as u32, end: place.end as u32 };
                    runs.push(Run { line: Text { text, span }, is_production });
                }
                _ => {}
            }
        }
        all.push((stage.from.as_.as_ref().map(|(_, name)| name.value.to_string()), runs, is_production));
    }
    all.into_iter().map(|(_, runs, _)| runs).collect()
}

fn written(command: &Command<'_>) -> Line {
    match command {
        Command::Exec(words) => {
            let text = line_of_words(words.value.iter().map(|word| &*word.value));
            Line { text, place: words.span.clone(), is_list: true }
        }
        Command::Shell(line) => {
            Line { text: line.value.trim().to_owned(), place: line.span.clone(), is_list: false }
        }
        _ => Line { text: String::new(), place: 0..0, is_list: false },
    }
}

/// True for a line that ends with a script that starts the command it is given: `tini -- /entrypoint.sh`.
fn is_script(line: &str) -> bool {
    let name = line.split_whitespace().next_back().map_or("", base);
    name.ends_with(".sh") || name.contains("entrypoint") && !name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn of(text: &str, target: Option<&str>) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("Dockerfile".to_owned(), text.into()).unwrap());
        let started = start(&parse_dockerfile::parse(text).ok()?, target)?.1.with(file, None)?;
        assert!(!sources.text(started.span).is_empty());
        Some(started.text)
    }

    #[test]
    fn entrypoint_and_command_go_together_as_docker_has_it() {
        for (lines, line) in [
            ("CMD [\"gunicorn\", \"shop:app\"]", Some("gunicorn shop:app")),
            ("CMD gunicorn shop:app --bind 0.0.0.0:$PORT", Some("gunicorn shop:app --bind 0.0.0.0:$PORT")),
            (
                "CMD [\"sh\", \"-c\", \"alembic upgrade head && exec uvicorn shop:app\"]",
                Some("sh -c 'alembic upgrade head && exec uvicorn shop:app'"),
            ),
            ("ENTRYPOINT [\"celery\"]\nCMD [\"-A\", \"shop\", \"worker\"]", Some("celery -A shop worker")),
            ("ENTRYPOINT celery -A shop beat\nCMD [\"x\"]", Some("celery -A shop beat")),
            ("ENTRYPOINT [\"/docker-entrypoint.sh\"]\nCMD [\"node\", \"server.js\"]", Some("node server.js")),
            ("ENTRYPOINT [\"/entrypoint.sh\"]", Some("/entrypoint.sh")),
            ("CMD [\"a\"]\nCMD [\"b\"]", Some("b")),
            ("RUN true", None),
        ] {
            assert_eq!(of(&format!("FROM python:3.13\n{lines}\n"), None).as_deref(), line, "{lines}");
        }
        assert_eq!(of("{{ template }}\n", None), None);
    }

    #[test]
    fn the_stage_that_is_built_counts_with_what_it_inherits() {
        let text = "FROM python:3.13 AS base\nCMD [\"gunicorn\", \"shop:app\"]\nFROM base AS worker\n\
                    CMD [\"celery\", \"-A\", \"shop\"]\nFROM base\nRUN true\n";
        assert_eq!(of(text, None).as_deref(), Some("gunicorn shop:app"));
        assert_eq!(of(text, Some("worker")).as_deref(), Some("celery -A shop"));
        assert_eq!(of(text, Some("1")).as_deref(), Some("celery -A shop"));
        assert_eq!(of(text, Some("other")), None);
        // An entrypoint of its own leaves nothing of the inherited command.
        let text = "FROM a AS base\nCMD [\"x\"]\nFROM base\nENTRYPOINT [\"celery\", \"worker\"]\n";
        assert_eq!(of(text, None).as_deref(), Some("celery worker"));
    }

    #[test]
    fn an_entrypoint_is_given_the_command_of_compose() {
        let mut sources = Sources::default();
        let text = "FROM python:3.13\nENTRYPOINT [\"python\"]\nCMD [\"-V\"]\n";
        let file = sources.add(SourceFile::new("Dockerfile".to_owned(), text.into()).unwrap());
        let given = Text { text: "run_bot.py --live".to_owned(), span: Span::file_start(file) };
        let whole = |text: &str, given| {
            let dockerfile = parse_dockerfile::parse(text).unwrap();
            start(&dockerfile, None).unwrap().1.with(file, given).unwrap().text
        };
        assert_eq!(whole(text, Some(&given)), "python run_bot.py --live");
        assert_eq!(whole(text, None), "python -V");
        assert_eq!(whole("FROM x\nENTRYPOINT [\"/start.sh\"]\n", Some(&given)), "run_bot.py --live");
        let python = "FROM x\nENTRYPOINT [\"python\", \"/app/entrypoint.py\"]\n";
        assert_eq!(whole(python, Some(&given)), "python /app/entrypoint.py run_bot.py --live");
        let quoted = whole("FROM x\nCMD [\"sh\", \"-c\", \"echo 'a b'\"]\n", None);
        assert_eq!(quoted, r"sh -c 'echo '\''a b'\'''");
        assert_eq!(whole("FROM x\nCMD [\"a\"]\n", Some(&given)), "run_bot.py --live");
    }
}
