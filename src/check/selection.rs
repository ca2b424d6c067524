//! Which rules are requested, and how bad each is: the configuration's `rules`, then `--select`, then
//! `--ignore`.
//!
//! If both a rule's own name and its family's are given, the rule's name wins. `--select` of a rule that the
//! configuration switched off switches it on if it is at least as specific, because someone who asks for it
//! by name wants to see it.

use super::config::{Config, Level, in_a_line};
use super::{CheckError, Request};
use crate::finding::{Confidence, Finding, RuleId, Severity};
use crate::rules::pages::{Named, Pages};
use std::collections::BTreeMap;
use std::path::Path;

/// Which rules are requested.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    rules: BTreeMap<RuleId, Wanted>,
    least: Confidence,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    on: bool,
    severity: Option<Severity>,
}

impl Selection {
    /// What the configuration, `--select` and `--ignore` request together.
    ///
    /// # Errors
    /// A name that is neither a rule nor a family.
    pub(crate) fn resolve(
        pages: &Pages,
        config: &Config,
        config_at: &Path,
        request: &Request,
    ) -> Result<Self, CheckError> {
        for (name, _, place) in &config.rules {
            if pages.named(name).is_none() {
                return Err(CheckError {
                    place: Some(*place),
                    ..CheckError::in_file(config_at, pages.unknown(&in_a_line(name)))
                });
            }
        }
        for (option, names) in [("--select", &request.select), ("--ignore", &request.ignore)] {
            for name in names {
                if pages.named(name).is_none() {
                    let message = format!("{option} {name}: {}", pages.unknown(name));
                    return Err(CheckError::new(message));
                }
            }
        }
        let mut rules = BTreeMap::new();
        for page in pages.iter() {
            let names = |name: &str| match name {
                _ if name == &*page.id => Some(Named::Rule),
                _ if name == page.family() => Some(Named::Family),
                _ => None,
            };
            let level = |exact: Named| {
                let mut levels = config.rules.iter().rev();
                levels.find(|(name, _, _)| names(name) == Some(exact))
            };
            let level = level(Named::Rule).or_else(|| level(Named::Family));
            let off = match level {
                Some((name, Level::Off, _)) => names(name).map_or(0, weight),
                _ => 0,
            };
            let weight = |list: &[String]| list.iter().filter_map(|n| names(n)).map(weight).max();
            let selected = weight(&request.select).unwrap_or(0);
            let ignored = weight(&request.ignore).unwrap_or(0);
            let asked = if request.select.is_empty() { off == 0 } else { selected > 0 && selected >= off };
            let wanted = Wanted {
                on: asked && (ignored == 0 || selected > ignored),
                severity: match level {
                    Some((_, Level::On(severity), _)) => Some(*severity),
                    _ => None,
                },
            };
            rules.insert(page.id.clone(), wanted);
        }
        Ok(Selection { rules, least: request.confidence.unwrap_or(Confidence::Medium) })
    }

    /// Whether the rule is requested. A rule without a page is never left out by mistake.
    pub(crate) fn wants(&self, rule: &str) -> bool {
        self.rules.get(rule).is_none_or(|w| w.on)
    }

    /// Whether every rule of that name, or of the family of that name, is asked for.
    pub(super) fn wants_all(&self, name: &str) -> bool {
        self.rules.iter().filter(|(id, _)| covers(name, id)).all(|(_, wanted)| wanted.on)
    }

    /// The same severities with every rule asked for.
    pub(super) fn everything(&self) -> Selection {
        let mut all = self.clone();
        all.rules.values_mut().for_each(|wanted| wanted.on = true);
        all
    }

    /// Whether any rule of that name, or of the family of that name, is requested.
    pub(super) fn wants_any(&self, name: &str) -> bool {
        self.rules.iter().any(|(id, wanted)| wanted.on && covers(name, id))
    }

    /// Whether the finding is requested. It also sets the severity that the configuration gives the rule.
    pub(super) fn admit(&self, finding: &mut Finding) -> bool {
        if let Some(severity) = self.rules.get(&finding.rule).and_then(|w| w.severity) {
            finding.severity = severity;
        }
        self.wants(&finding.rule) && finding.confidence >= self.least
    }
}

/// True if `name` is the rule `id` or its family.
pub(super) fn covers(name: &str, id: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn weight(named: Named) -> u8 {
    match named {
        Named::Family => 1,
        Named::Rule => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Settings, Target, check_over};
    use crate::facts::world::{Scope, World};
    use crate::facts::worlds::Worlds;
    use crate::rules::{self, Chosen};
    use crate::source::Sources;
    use std::collections::BTreeSet;

    fn wants(config: &str, select: &[&str], ignore: &[&str]) -> (bool, bool) {
        let words = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let request = Request { select: words(select), ignore: words(ignore), ..Request::default() };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("deploylint.yaml"), config).unwrap();
        let (config, at) = super::super::config::load(dir.path(), None, None).unwrap();
        let pages = Pages::embedded().unwrap();
        let selection = Selection::resolve(&pages, &config, &at, &request).unwrap();
        (selection.wants("ignore/unused"), selection.wants("ignore/malformed"))
    }

    #[test]
    fn the_closer_name_wins() {
        assert_eq!(wants("", &[], &[]), (true, true));
        assert_eq!(wants("", &[], &["ignore"]), (false, false));
        assert_eq!(wants("", &["ignore/unused"], &[]), (true, false));
        assert_eq!(wants("", &["ignore/unused"], &["ignore"]), (true, false));
        assert_eq!(wants("", &["ignore"], &["ignore/unused"]), (false, true));
        assert_eq!(wants("", &["ignore"], &["ignore"]), (false, false));
        let config = "rules: {ignore/unused: off}";
        assert_eq!(wants(config, &["ignore"], &[]), (false, true));
        let config = "rules: {ignore: off, ignore/unused: info}";
        assert_eq!(wants(config, &[], &[]), (true, false));
        assert_eq!(wants(config, &["ignore/malformed"], &[]), (false, true));
    }

    fn told(findings: &[Finding]) -> BTreeSet<(u32, u32, &str)> {
        findings.iter().map(|f| (f.span.start, f.span.end, f.message.as_str())).collect()
    }

    #[test]
    fn a_rule_judges_alone_as_it_does_among_the_others() {
        let request = Request {
            targets: vec![Target::Path(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"))],
            ..Request::default()
        };
        let settings = Settings::load(&request).unwrap();
        let queries = settings.rules.queries().unwrap();
        let mut judged = 0;
        let mut look = |world: &World<'_, '_>| {
            let scripts = world.scripts().to_vec();
            let world = World::within(Scope::default(), world.sources, scripts, world.project, world.given);
            let worlds = Worlds::from(world);
            let run = |wants: &dyn Fn(&str) -> bool| {
                let mut found = Vec::new();
                let chosen = Chosen { queries, pages: &settings.rules.pages, wants };
                assert!(rules::run(&worlds, &chosen, &mut found).is_empty(), "a rule panicked");
                found
            };
            let together = run(&|_| true);
            for page in settings.rules.pages.iter() {
                let alone = run(&|rule| *rule == *page.id);
                let among: Vec<Finding> = together.iter().filter(|f| f.rule == page.id).cloned().collect();
                assert_eq!(told(&alone), told(&among), "{}", page.id);
                judged += alone.len();
            }
        };
        check_over(&request, &settings, Sources::default(), &mut look).unwrap();
        assert!(judged >= settings.rules.pages.iter().count() - 2, "{judged}");
    }
}
