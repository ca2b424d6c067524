//! `steps/no-build`: a build makes pages or programs, but no step runs it.

use crate::facts::deploy::Deploy;
use crate::facts::deploy::names::{is_directory, works_in};
use crate::facts::deploy::{Language, is_here, line_of};
use crate::finding::Finding;
use crate::finding::RuleId;
use crate::model::Step;
use crate::project::manifest::{Language as Manifest, NodePackage};
use crate::repo::names::is_beside;
use crate::rules::id;
use crate::source::Span;
use crate::tools::effect::{Change, Ecosystem, How, Prints, Role};
use crate::tools::packaging::is_cargo;
use crate::tools::web::PROXIES;
use crate::tools::work::Work;

const RULE: RuleId = id::STEPS_NO_BUILD;
/// Where builders put their output.
pub(super) const OUTPUTS: &[&str] = &["dist", "build", "out", ".next", ".output"];

/// `steps/no-build`.
pub(super) fn no_build(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    if deploy.in_containers() || !deploy.sets_up() || deploy.calls(Work::Build) {
        return;
    }
    let packages = &context.project.needs.node;
    for package in packages.iter().filter(|p| !is_beside(&p.directory)) {
        let Some(script) = package.script("build") else { continue };
        let committed = context
            .project
            .inventory
            .outputs
            .iter()
            .any(|path| path.rsplit_once('/').map_or("", |(dir, _)| dir) == package.directory);
        if committed || builds(deploy, package, packages) || is_brought(deploy, package) {
            continue;
        }
        let said = deploy.says_in(Work::Build, package, packages).filter(|_| !deploy.does(Work::Build));
        if !is_served(deploy, package, packages) && said.is_none() {
            continue;
        }
        let near = deploy.steps().filter(|s| {
            s.deed
                .roles
                .iter()
                .any(|r| matches!(r, Role::Build(Ecosystem::Node) | Role::Dependencies(Ecosystem::Node)))
        });
        let Some(place) = near.last().map(|s| s.span).or_else(|| deploy.place()) else { continue };
        let path = context.sources.file(package.file).path();
        let message = match said {
            Some(_) => format!("{path} has a build, but the script only prints how to run it"),
            None => format!("{path} has a build whose output this deploy serves, but no step runs it"),
        };
        let manager = package.manager.command();
        let help = match package.directory.as_str() {
            "" => format!("run `{manager} run build`"),
            directory => format!("run `(cd {directory} && {manager} run build)`"),
        };
        let draft = deploy.missing(RULE, place, &message, Work::Build, said);
        found.push(draft.help(help).related(script.span, "the build").done());
    }
}

/// New source of a program in Rust, whose `target/release/NAME` is run or installed, while nothing runs
/// `cargo build`. For Go no such place shows that a program should be built.
pub(super) fn no_cargo_build(deploy: &Deploy<'_, '_, '_>, found: &mut Vec<Finding>) {
    let context = deploy.world;
    let mut crates = context.project.needs.others.iter().filter(|m| m.language == Manifest::Rust);
    let Some(manifest) = crates.next().filter(|m| !is_beside(&m.directory)) else { return };
    let steps = || deploy.steps().filter(|step| is_here(step));
    let brings = steps().any(|step| step.deed.roles.contains(&Role::Source));
    let built = steps().any(|step| {
        step.deed
            .roles
            .iter()
            .any(|r| matches!(r, Role::Build(Ecosystem::Rust) | Role::GlobalTool(Ecosystem::Rust)))
            || is_cargo(&step.argv)
            || is_copied_over(step)
    });
    if deploy.in_containers()
        || !brings
        || built
        || deploy.may_do_anything()
        || deploy.called_mentions("cargo")
    {
        return;
    }
    let output = |text: &str| text.contains("/target/release/") || text.starts_with("target/release/");
    let installs = |step: &&Step| step.deed.copies();
    let used = steps()
        .filter(installs)
        .find(|s| s.argv.args.iter().any(|a| output(&a.value.to_string())))
        .map(|s| s.span);
    let run = deploy
        .own_units()
        .find_map(|at| at.unit.exec_start().into_iter().find(|e| output(&e.program)).map(|e| e.span));
    let Some(place) = used.or(run) else { return };
    let path = context.sources.file(manifest.file).path();
    let message = format!("this program is built from {path}, but no step runs `cargo build`");
    let draft = context
        .finding(RULE, place, message)
        .help("run `cargo build --release --locked` before it is installed or started");
    found.push(draft.related(Span::file_start(manifest.file), "it is built from this").done());
}

fn builds(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, all: &[NodePackage]) -> bool {
    // A build at the top may well build everything below.
    let above = |p: &&NodePackage| {
        p.directory.is_empty()
            && !package.directory.is_empty()
            && p.scripts.iter().any(|s| s.name.contains("build"))
    };
    let tops: Vec<&NodePackage> = all.iter().filter(above).collect();
    deploy
        .steps()
        .filter(|s| s.deed.roles.contains(&Role::Build(Ecosystem::Node)))
        .any(|s| works_in(s, package, all) || tops.iter().any(|top| works_in(s, top, all)))
}

/// The output is copied to the server, or downloaded.
pub(super) fn is_brought(deploy: &Deploy<'_, '_, '_>, package: &NodePackage) -> bool {
    let name = package.directory.rsplit('/').next().unwrap_or_default();
    deploy.steps().any(|s| {
        let copies = s.deed.copies() || is_copied_over(s);
        let line = line_of(s);
        let output = OUTPUTS.iter().any(|out| holds_path(&line, out));
        copies && output && (name.is_empty() || line.contains(name) || !line.contains('/'))
            || s.deed.roles.contains(&Role::Source) && is_copied_over(s) && !line.contains(".git")
    })
}

/// Files come from another machine or out of an archive, go to another machine, or are kept the same by rsync.
fn is_copied_over(step: &Step) -> bool {
    step.deed.roles.iter().any(|role| matches!(role, Role::Fetch | Role::Send | Role::Unpack))
        || step.deed.puts().any(|(_, content)| content.how == How::Synced)
}

/// The directory's name as a part of a path.
fn holds_path(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        matches!(before, None | Some('/' | ' ' | '=' | '"' | '\''))
            && matches!(after, None | Some('/' | ' ' | ';' | '"' | '\'' | '.' | ',' | '\n'))
    })
}

/// The build's output is served: a web server's directory, or a process that runs it.
pub(super) fn is_served(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, all: &[NodePackage]) -> bool {
    let name = package.directory.rsplit('/').next().unwrap_or_default();
    let in_web = web_texts(deploy).into_iter().any(|text| {
        text.lines().any(|line| {
            let line = line.trim_start();
            let serves = ["root ", "root\t", "alias ", "location", "DocumentRoot", "<Directory", "root *"];
            serves.iter().any(|s| line.starts_with(s))
                && OUTPUTS.iter().any(|out| match name {
                    "" => {
                        holds_path(line, out)
                            && !all.iter().any(|p| {
                                let other = p.directory.rsplit('/').next().unwrap_or_default();
                                !other.is_empty() && line.contains(&format!("{other}/{out}"))
                            })
                    }
                    name => line.contains(&format!("/{name}/{out}")),
                })
        })
    });
    let handed_out = deploy.world.project.needs.code.serves.iter().any(|(directory, file)| {
        let language = if file.ends_with(".py") { Language::Python } else { Language::Node };
        let output = directory.strip_prefix(name).and_then(|rest| rest.strip_prefix('/'));
        !name.is_empty() && output.is_some_and(|out| OUTPUTS.contains(&out)) && deploy.runs(language)
    });
    in_web
        || handed_out
        || deploy.processes().iter().filter(|p| p.language == Language::Node).any(|p| {
            let here = p.directory.as_ref().is_none_or(|d| is_directory(d, package, all));
            let named =
                !name.is_empty() && OUTPUTS.iter().any(|out| p.command.contains(&format!("/{name}/{out}/")));
            named || here && runs_output(&p.command, package, 0)
        })
}

/// The command runs a build's output.
fn runs_output(command: &str, package: &NodePackage, depth: u8) -> bool {
    if ["next start", "nuxt start"].iter().any(|w| command.contains(w))
        || OUTPUTS.iter().any(|out| holds_path(command, out))
    {
        return true;
    }
    let starts = ["npm start", "npm run start", "yarn start", "pnpm start", "npm -- start", "npm run serve"];
    depth == 0
        && starts.iter().any(|s| command.contains(s))
        && package.script("start").is_some_and(|s| runs_output(&s.command, package, 1))
}

/// The settings of web servers that the scripts write or install.
pub(super) fn web_texts<'d>(deploy: &'d Deploy<'_, '_, '_>) -> Vec<&'d str> {
    let context = deploy.world;
    let mut texts = Vec::new();
    let is_web = |path: &str| path.contains("Caddyfile") || PROXIES.iter().any(|proxy| path.contains(proxy));
    for step in deploy.steps() {
        let steps = step.written.iter().filter(|w| is_web(&w.path.to_string()));
        texts.extend(steps.map(|w| w.content.text.as_str()));
        if !is_web(&line_of(step))
            || !step.deed.copies()
                && !matches!(step.deed.prints, Prints::Filled | Prints::Through)
                && !step.deed.effects.iter().any(|effect| effect.change == Change::Edit)
        {
            continue;
        }
        for arg in &step.argv.args {
            let shown = arg.value.to_string();
            let base = shown.rsplit('/').next().unwrap_or_default();
            let file = context.project.texts.iter().find(|(path, _)| {
                context.project.inventory.nginx.contains(path) && path.rsplit('/').next() == Some(base)
            });
            texts.extend(file.map(|(_, file)| context.sources.file(*file).text()));
        }
    }
    texts
}
