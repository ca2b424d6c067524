//! What to write instead of a command of docker(1) or podman(1) that does harm when it runs again.

use crate::tools::advice::kinds::{Advice, Asked, Edit, Piece};
use crate::tools::containers::is_runtime;
use crate::tools::effect::Resource;
use crate::tools::thing::Thing;

/// What to write instead.
pub(in crate::tools) fn advice(asked: &Asked<'_>) -> Option<Advice> {
    let argv = asked.argv;
    let tool = asked.name();
    if !is_runtime(tool) {
        return None;
    }
    match (asked.resource(), asked.removes()) {
        (Some(Resource::Container(_)), true) => {
            Advice::help(format!("write `{tool} rm -f NAME`, which accepts a container that is gone"))
        }
        (Some(Resource::Container(_)), false) => Advice::help(format!(
            "remove it first (`{tool} rm -f NAME`), or test for it with `{tool} inspect NAME`"
        )),
        (Some(Resource::Network(_) | Resource::Volume(_)), true) => {
            let kind = asked.kind();
            Advice::help(format!(
                "test for it first: `! {tool} {kind} inspect NAME >/dev/null 2>&1 || {tool} {kind} rm NAME`"
            ))
        }
        // docker-network-inspect(1) fails if there is none.
        (Some(Resource::Network(_)), false) => {
            let plain = argv.literal(0) == Some("network") && argv.literal(1) == Some("create");
            let test = asked.operand().filter(|_| plain).map(|name| {
                let inspect = match tool {
                    "podman" => "podman network inspect ",
                    _ => "docker network inspect ",
                };
                Edit::TestFirst(vec![
                    Piece::Wrappers,
                    Piece::Text(inspect),
                    Piece::Name(name.span),
                    Piece::Text(" >/dev/null 2>&1"),
                ])
            });
            let help = format!(
                "create it only where it is missing: `{tool} network inspect NAME >/dev/null 2>&1 || {tool} network create NAME`"
            );
            Advice::with(help, test)
        }
        (Some(Resource::Volume(_)), false) => Advice::help("write `podman volume create --ignore`"),
        (Some(Resource::Other(Thing::Pod, _)), _) => Advice::help("write `podman pod create --replace`"),
        (Some(Resource::Other(Thing::Secret | Thing::Config, _)), _) => {
            let kind = asked.kind();
            Advice::help(format!(
                "create it only where it is missing: `{tool} {kind} inspect NAME >/dev/null 2>&1 || {tool} {kind} create NAME …`"
            ))
        }
        (Some(Resource::Other(Thing::SwarmService, _)), _) => Advice::help(format!(
            "update it where it is there: `{tool} service inspect NAME >/dev/null 2>&1 || {tool} service create …`"
        )),
        (Some(Resource::Other(Thing::Attachment, _)), true) => {
            Advice::help(format!("accept that it is gone: `{tool} network disconnect NETWORK NAME || true`"))
        }
        (Some(Resource::Other(Thing::Attachment, _)), false) => Advice::help(
            "name the network where the container is started (`--network`), or accept that it is there: `… || true`",
        ),
        (Some(Resource::Other(Thing::Context, _)), true) => {
            Advice::help(format!("write `{tool} context rm -f NAME`"))
        }
        (Some(Resource::Other(Thing::Context, _)), false) => Advice::help(format!(
            "test for it first: `{tool} context inspect NAME >/dev/null 2>&1 || {tool} context create NAME …`"
        )),
        (Some(Resource::Other(Thing::Swarm, _)), _) => {
            Advice::help(format!("ask first: `{tool} info | grep -q 'Swarm: active' || {tool} swarm init …`"))
        }
        _ => None,
    }
}

#[test]
fn advice_names_the_program_that_was_called() {
    use crate::shell::argv::tests::argv;
    for (line, help) in [
        ("podman network disconnect net web", "`podman network disconnect NETWORK NAME || true`"),
        ("docker network disconnect net web", "`docker network disconnect NETWORK NAME || true`"),
        (
            "podman network rm net",
            "`! podman network inspect NAME >/dev/null 2>&1 || podman network rm NAME`",
        ),
        ("podman rm web", "`podman rm -f NAME`"),
    ] {
        let argv = argv(line);
        let deed = crate::tools::deed(&argv);
        let effect = deed.effects.first();
        let again = effect.unwrap().again;
        let advice = advice(&Asked { argv: &argv, deed: &deed, effect, again }).unwrap();
        assert!(advice.help.contains(help), "{line}: {}", advice.help);
    }
}
