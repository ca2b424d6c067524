//! Where a build puts its output, and what serves it: a web server whose settings the scripts write, the app's own
//! code, or a process that runs it.

use crate::facts::deploy::names::is_directory;
use crate::facts::deploy::{Deploy, Language, line_of};
use crate::facts::owners::{OF_THE_SYSTEM, lies_under};
use crate::model::Step;
use crate::project::manifest::NodePackage;
use crate::tools::effect::{Change, How, Prints, Role};
use crate::tools::web::PROXIES;

/// Where builders put their output.
pub(crate) const OUTPUTS: &[&str] = &["dist", "build", "out", ".next", ".output"];

/// True if the output is copied to the server or downloaded, or if it comes with the app in an archive.
pub(crate) fn is_brought(deploy: &Deploy<'_, '_, '_>, package: &NodePackage) -> bool {
    let name = package.directory.rsplit('/').next().unwrap_or_default();
    let copied = deploy.steps().any(|s| {
        let is_copied_over = is_copied_over(s);
        if !is_copied_over && !s.deed.copies() {
            return false;
        }
        let line = line_of(s);
        let is_output = || OUTPUTS.iter().any(|out| holds_path(&line, out));
        (name.is_empty() || line.contains(name) || !line.contains('/')) && is_output()
            || is_copied_over && s.deed.roles.contains(&Role::Source) && !line.contains(".git")
    });
    copied || *deploy.kept().is_release.get_or_init(|| is_release(deploy))
}

/// True if the app comes in an archive, which a build elsewhere has made. Nothing brings its source, and a step unpacks
/// an archive outside of the system's directories that no step has downloaded.
fn is_release(deploy: &Deploy<'_, '_, '_>) -> bool {
    let brings = |s: &Step| s.deed.roles.iter().any(|role| matches!(role, Role::Source | Role::Fetch));
    let unpacks = |s: &Step| {
        s.deed.puts().any(|(effect, content)| {
            let path = effect.resource.name();
            content.how == How::Unpacked
                && path.is_absolute()
                && !OF_THE_SYSTEM.iter().any(|dir| lies_under(path.known_prefix(), dir))
        })
    };
    deploy.steps().any(unpacks) && !deploy.steps().any(brings)
}

/// True if files come from another machine or out of an archive, go to another machine, or are synchronised by rsync.
pub(crate) fn is_copied_over(step: &Step) -> bool {
    step.deed.roles.iter().any(|role| matches!(role, Role::Fetch | Role::Send | Role::Unpack))
        || step.deed.puts().any(|(_, content)| content.how == How::Synced)
}

/// True if the directory's name stands in the line as a part of a path.
fn holds_path(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        matches!(before, None | Some('/' | ' ' | '=' | '"' | '\''))
            && matches!(after, None | Some('/' | ' ' | ';' | '"' | '\'' | '.' | ',' | '\n'))
    })
}

/// True if something serves the build's output: a web server's directory, or a process that runs it.
pub(crate) fn is_served(deploy: &Deploy<'_, '_, '_>, package: &NodePackage, all: &[NodePackage]) -> bool {
    let name = package.directory.rsplit('/').next().unwrap_or_default();
    let in_web = web_texts(deploy).iter().any(|text| {
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

/// True if the command runs a build's output.
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
pub(crate) fn web_texts<'c>(deploy: &Deploy<'c, '_, '_>) -> &'c [&'c str] {
    deploy.kept().web_texts.get_or_init(|| find_web_texts(deploy))
}

fn find_web_texts<'r>(deploy: &Deploy<'_, 'r, '_>) -> Vec<&'r str> {
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
