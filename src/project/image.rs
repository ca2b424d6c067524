//! What the image of a Compose service starts: `ENTRYPOINT` and `CMD` of the stage that is built,
//! <https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact>.

use crate::finding::Gap;
use crate::limit;
use crate::project::compose::{Build, Compose, Service, Text};
use crate::repo::files::Root;
use crate::repo::names::base;
use crate::source::{FileId, Sources, Span};
use parse_dockerfile::{Command, Instruction};

/// Fills in what the images of the services start that are built from the repo. A Dockerfile that cannot be read, that is
/// wrong, or that lies outside the root says nothing.
pub(crate) fn fill_in(root: &Root, composes: &mut [Compose], sources: &mut Sources, gaps: &mut Vec<Gap>) {
    for compose in composes {
        let of_service = |service: &Service| {
            let build = service.build.as_ref().filter(|_| service.command.is_none())?;
            let path = dockerfile(compose, build)?;
            let file = root.read(&path, sources).ok()?;
            let target = build.target.as_ref().map(|target| target.text.as_str());
            let read = limit::piece(|| started(file, sources.file(file).text(), target));
            read.unwrap_or_else(|failure| {
                gaps.push(Gap {
                    file: path,
                    place: None,
                    reason: failure.reason("the reader of Dockerfiles"),
                });
                None
            })
        };
        let found: Vec<Option<Text>> = compose.services.iter().map(of_service).collect();
        for (service, started) in compose.services.iter_mut().zip(found) {
            // Where Compose gives an entrypoint, the command of the image does not count.
            service.of_image = started.filter(|_| service.entrypoint.is_none());
        }
    }
}

/// The path of the Dockerfile, from the root.
fn dockerfile(compose: &Compose, build: &Build) -> Option<String> {
    let directory = compose.path(&build.context)?;
    let name = build.dockerfile.as_ref().map_or("Dockerfile", |name| name.text.as_str());
    let given = Text { text: format!("{}/{name}", build.context.text), span: build.context.span };
    if directory.is_empty() { compose.path(&given) } else { compose.path(&given).filter(|p| p != &directory) }
}

/// What the last stage, or the one of that name, starts. A stage that starts from another one inherits what that starts.
fn started(file: FileId, text: &str, target: Option<&str>) -> Option<Text> {
    let dockerfile = parse_dockerfile::parse(text).ok()?;
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
    let (mut entrypoint, mut command) = (None, None);
    loop {
        let stage = stages.get(at)?;
        let of_stage =
            |wanted: fn(&Instruction<'_>) -> bool| stage.instructions.iter().rev().find(|i| wanted(i));
        let is_entrypoint = |i: &Instruction<'_>| matches!(i, Instruction::Entrypoint(_));
        let is_command = |i: &Instruction<'_>| matches!(i, Instruction::Cmd(_));
        // An entrypoint resets the command that the stage inherits.
        command = command.or_else(|| of_stage(is_command).filter(|_| entrypoint.is_none()));
        entrypoint = entrypoint.or_else(|| of_stage(is_entrypoint));
        // Only an earlier stage is one that it may start from.
        match named(&stage.from.image.value).filter(|from| *from < at) {
            Some(from) => at = from,
            None => break,
        }
    }
    let words = |instruction: Option<&Instruction<'_>>| match instruction {
        Some(Instruction::Entrypoint(entrypoint)) => Some(written(&entrypoint.arguments)),
        Some(Instruction::Cmd(command)) => Some(written(&command.arguments)),
        _ => None,
    };
    let (entrypoint, command) = (words(entrypoint), words(command));
    let (line, place) = match (entrypoint, command) {
        // A script that ends with `exec "$@"` starts the command.
        (Some((first, ..)), Some((command, place, _))) if is_script(&first) => (command, place),
        // The shell form of an entrypoint takes no command.
        (Some((first, place, true)), Some((command, ..))) => (format!("{first} {command}"), place),
        (Some((first, place, _)), _) => (first, place),
        (None, Some((command, place, _))) => (command, place),
        (None, None) => return None,
    };
    let span = Span { file, start: place.start as u32, end: place.end as u32 };
    Some(Text { text: line, span })
}

/// A command as one line, its place, and whether it is a list of words.
fn written(command: &Command<'_>) -> (String, std::ops::Range<usize>, bool) {
    match command {
        Command::Exec(words) => {
            let quoted: Vec<String> = words.value.iter().map(|word| quoted(&word.value)).collect();
            (quoted.join(" "), words.span.clone(), true)
        }
        Command::Shell(line) => (line.value.trim().to_owned(), line.span.clone(), false),
        _ => (String::new(), 0..0, false),
    }
}

/// A word as a line holds it.
fn quoted(word: &str) -> String {
    match word.contains(char::is_whitespace) {
        true => format!("'{word}'"),
        false => word.to_owned(),
    }
}

fn is_script(line: &str) -> bool {
    let mut words = line.split_whitespace().peekable();
    // `tini -- /entrypoint.sh`
    words.any(|word| base(word).ends_with(".sh") || base(word).contains("entrypoint"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn of(text: &str, target: Option<&str>) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("Dockerfile".to_owned(), text.into()).unwrap());
        let started = started(file, text, target)?;
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
}
