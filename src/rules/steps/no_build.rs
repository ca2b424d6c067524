//! `steps/no-build`: words the finding that nothing builds what is served or run.

use crate::facts::needs::{Build, Needed, Program};
use crate::facts::world::World;
use crate::rules::draft::Draft;
use crate::rules::queries::{Lack, Wording};
use crate::rules::steps::done_elsewhere;
use crate::tools::work::Work;

pub(super) const WORDING: Wording = Wording::Missing(word);

fn word(context: &World<'_, '_>, lack: &Lack<'_, '_, '_>, draft: Draft) -> Draft {
    match &lack.needed {
        Some(Needed::Build(build)) => {
            done_elsewhere(lack.deploy, of_package(context, build, draft), Work::Build, build.said)
                .related(build.package.script("build").map_or(build.place, |script| script.span), "the build")
        }
        Some(Needed::Program(program)) => of_program(program, draft),
        _ => draft,
    }
}

fn of_package(context: &World<'_, '_>, build: &Build<'_>, draft: Draft) -> Draft {
    let path = context.sources.file(build.package.file).path();
    let message = match build.said {
        Some(_) => format!("{path} has a build, but the script only prints how to run it"),
        None => format!("{path} has a build whose output this deploy serves, but no step runs it"),
    };
    let manager = build.package.manager.command();
    let help = match build.package.directory.as_str() {
        "" => format!("run `{manager} run build`"),
        directory => format!("run `(cd {directory} && {manager} run build)`"),
    };
    draft.message(message).help(help)
}

fn of_program(program: &Program, draft: Draft) -> Draft {
    let Program { manifest, compiler, .. } = program;
    let command = compiler.command;
    let words = command.split(' ').filter(|word| !word.starts_with('-') && !word.contains('='));
    let plain = words.collect::<Vec<_>>().join(" ");
    draft
        .message(format!("this program is built from {manifest}, but no step runs `{plain}`"))
        .help(format!("run `{command}` before it is installed or started"))
}
