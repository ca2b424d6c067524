//! `permissions/no-owner`: words the finding that root makes something that the app has to write to, and gives the
//! `install` that makes it the app's.

use crate::facts::app_paths::{AppPath, Reason, gives};
use crate::facts::world::World;
use crate::finding::{Applicability, Confidence, Edit, Fix, Severity};
use crate::model::Step;
use crate::rules::draft::Draft;
use crate::rules::queries::{Found, Wording};
use crate::source::Span;
use crate::tools::files::plain_mkdir;

pub(super) const WORDING: Wording = Wording::Command(word);

fn word(world: &World<'_, '_>, found: &Found<'_, '_>, draft: Draft) -> Draft {
    let (script, id, step) = (found.at.script, found.at.id, found.at.step());
    let Some(paths) = world.app_paths(script) else { return draft };
    let all = paths.made_by(id);
    let mut left: Vec<&AppPath<'_>> = all.iter().filter(|made| made.stays_roots(world, script, id)).collect();
    if left.is_empty() {
        left.extend(all);
    }
    let Some(AppPath { path, app, reason }) = left.first() else { return draft };
    let name = &app.name;
    let more = match left.len() {
        1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    let message = match reason {
        Reason::Fails(failing) => format!(
            "`{path}`{more} belongs to root, so `{}` on {} fails as `{name}`: permission denied",
            world.words(failing.span),
            world.line_beside(failing.span, found.at.step().span)
        ),
        Reason::Needs(need) => format!(
            "`{path}`{more} belongs to root, and nothing gives it to `{name}` ({}), so {}",
            app.why, need.says
        ),
    };
    let mut draft = draft.message(message).at_most(world.confidence(script, id, Some(path)));
    if let Some(span) = app.span {
        draft = draft.related(span, format!("the app runs as `{name}`"));
    }
    draft = match reason {
        Reason::Fails(failing) => draft
            .severity(Severity::Error)
            .at_most(Confidence::High)
            .related(failing.span, format!("this writes there as `{name}`")),
        Reason::Needs(need) => draft.at_most(need.sure),
    };
    let givers = world.givers(script);
    let earlier = givers.and_then(|g| g.last_before(script, id.0 as usize, path, |s| gives(s, path, name)));
    if let Some(earlier) = earlier {
        draft = draft.related(
            earlier.span,
            "this changes only what exists by then, so only a second deploy repairs the owner",
        );
    }
    if let Reason::Needs(need) = reason
        && let Some(span) = need.span
    {
        draft = draft.related(span, "this says that the app writes there");
    }
    let help = match plain_mkdir(&step.argv) {
        Some(_) if left.len() == 1 => {
            format!("write `install -d -o {name} -g {name} {path}`, or `chown {name}: {path}` after it")
        }
        _ => {
            let paths: Vec<String> = left.iter().map(|made| made.path.to_string()).collect();
            format!("write `chown -R {name}: {}` after it", paths.join(" "))
        }
    };
    draft.help(help).fix(fix(world, step, &left))
}

/// `install -d -o NAME -g NAME` for a plain `mkdir [-p]` on a line of its own.
fn fix(world: &World<'_, '_>, step: &Step, all: &[&AppPath<'_>]) -> Option<Fix> {
    let name = all.first()?.app.name.as_literal()?;
    let options = plain_mkdir(&step.argv)?;
    let operands = step.argv.args.len() - options;
    if options == 0 && operands > 1 || operands != all.len() || step.argv.stdout.is_some() {
        return None;
    }
    let program = step.argv.program.span;
    let end = step.argv.args[..options].last().map_or(program.end, |option| option.span.end);
    let span = Span { end, ..program };
    (world.sources.text(program) == step.argv.name).then(|| Fix {
        title: format!("Make it for {name}"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit { span, text: format!("install -d -o {name} -g {name}") }],
    })
}
