//! `units/wrong-upstream`: nginx passes requests to a port or a socket on which no unit listens.

use crate::facts::world::World;
use crate::finding::RuleId;
use crate::finding::{Confidence, Finding};
use crate::model::Deployment;
use crate::project::unit::UnitKind;
use crate::rules::id;
use crate::rules::units::{Judged, judged};
use crate::source::{MappedText, Span};
use crate::tools::effect::Role;
use crate::tools::managers::is_manager;
use crate::tools::serves::Address;

const RULE: RuleId = id::UNITS_WRONG_UPSTREAM;

/// `units/wrong-upstream`. It applies only if everything that a script starts shows its address, because
/// another script may belong to another deploy.
pub(super) fn wrong_upstream(context: &World<'_, '_>, found: &mut Vec<Finding>) {
    let units: Vec<Judged<'_, '_, '_>> = judged(context).collect();
    for &script in context.scripts() {
        let own: Vec<&Judged<'_, '_, '_>> =
            units.iter().filter(|u| u.script.is_some_and(|(s, _)| std::ptr::eq(s, script))).collect();
        if let Some(listening) = listening(&own) {
            compare(context, script, &listening, found);
        }
    }
}

/// Where the units listen; `None` if one does not show it, or none listens.
fn listening(units: &[&Judged<'_, '_, '_>]) -> Option<Vec<(Address, Span)>> {
    let mut listening: Vec<(Address, Span)> = Vec::new();
    for unit in units {
        match unit.read.kind {
            UnitKind::Socket => {
                for directive in unit.at.unit.all("Socket", "ListenStream") {
                    listening.push((Address::parse(&directive.value)?, directive.span));
                }
            }
            // A service that ends when its work is done listens nowhere.
            UnitKind::Service if !unit.at.unit.is_oneshot_work() => {
                let Some(exec) = unit.at.unit.exec_start().into_iter().last() else { continue };
                let addresses = exec.serves()?.listens?;
                listening.extend(addresses.into_iter().map(|address| (address, exec.span)));
            }
            _ => {}
        }
    }
    (!listening.is_empty()).then_some(listening)
}

fn compare(
    context: &World<'_, '_>,
    script: &Deployment<'_>,
    listening: &[(Address, Span)],
    found: &mut Vec<Finding>,
) {
    let texts = || context.nginx_texts(script).iter().map(|site| &site.text);
    let mut wrong = Vec::new();
    for text in texts() {
        for (target, span) in targets(text) {
            // nginx itself may listen there.
            let own = texts().any(|t| is_listened_on(&t.text, &target));
            let known = own || listening.iter().any(|(address, _)| *address == target);
            let meant = listening.iter().find(|(address, _)| address.same_kind(&target));
            if let Some((address, bind)) = meant.filter(|_| !known) {
                wrong.push((target, span, address.clone(), *bind));
            }
        }
    }
    // Other programs may listen there: containers, pm2, a unit that was there before.
    let others = script.steps.iter().any(|s| {
        s.deed.roles.iter().any(|r| matches!(r, Role::ComposeUp | Role::Serve))
            || is_manager(&s.argv)
            || s.background
    });
    if wrong.is_empty() || others || context.deploy().may_do_anything() {
        return;
    }
    for (target, span, address, bind) in wrong {
        let message = format!("nginx passes requests to {target}, but the units listen on {address}");
        let help = "write the same address in both places";
        let sure = if listening.len() == 1 { Confidence::High } else { Confidence::Medium };
        let draft = context.finding(RULE, span, message).at_most(sure).help(help);
        found.push(draft.related(bind, "listens here").done());
    }
}

/// True if a line such as `listen 8001;` is about the address.
fn is_listened_on(text: &str, target: &Address) -> bool {
    let Address::Port(port) = target else { return false };
    let port = port.to_string();
    text.lines().filter_map(|line| line.trim().strip_prefix("listen")).any(|rest| {
        let value = rest.trim().split([';', ' ']).next().unwrap_or_default();
        value.rsplit(':').next() == Some(port.as_str())
    })
}

/// Where `proxy_pass` and the servers of an `upstream` lead on this machine.
fn targets(text: &MappedText) -> Vec<(Address, Span)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.split('#').next().unwrap_or_default();
        for key in ["proxy_pass", "uwsgi_pass", "server"] {
            let Some(place) = code.find(key) else { continue };
            let before = &code[..place];
            let value = code[place + key.len()..].trim_start();
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                || value.len() == code.len() - place - key.len()
            {
                continue;
            }
            let value = value.split([';', ' ', '\t']).next().unwrap_or_default();
            let target = value.trim_start_matches("http://").trim_start_matches("https://");
            let address = match target.strip_prefix("unix:") {
                Some(socket) => {
                    let socket = socket.split(':').next().unwrap_or_default();
                    Address::parse(&format!("unix:{socket}"))
                }
                None => {
                    let host = target.split('/').next().unwrap_or_default();
                    let local = ["127.0.0.1:", "localhost:", "0.0.0.0:"].iter().any(|l| host.starts_with(l));
                    local.then(|| Address::parse(host)).flatten()
                }
            };
            if let Some(address) = address {
                let end = start + code.trim_end().len();
                found.push((address, text.span(start + place..end)));
            }
        }
    }
    found
}
