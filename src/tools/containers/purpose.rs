//! What containers and volumes are for, by their names: tests, or what a build makes again.

use super::is_runtime;
use crate::shell::argv::Argv;
use crate::shell::value::Value;
use crate::shell::wrappers::container::{COMPOSE, GLOBAL};

/// Words in the name of a Compose project or file that is there for tests.
const OF_TESTS: [&str; 7] = ["test", "tests", "testing", "ci", "e2e", "smoke", "integration"];

fn names_tests(name: &str) -> bool {
    name.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| OF_TESTS.contains(&word))
}

/// True if the containers are there for tests, by the name of the project or of a Compose file. Nobody misses their data.
pub(crate) fn is_of_tests(argv: &Argv) -> bool {
    let compose = match is_runtime(&argv.name) {
        true => argv.shifted(argv.leading_options(GLOBAL).first_operand),
        false => Some(argv.clone()),
    };
    let Some(compose) = compose else { return false };
    let options = compose.leading_options(COMPOSE);
    let project = argv.env("COMPOSE_PROJECT_NAME").map(ToString::to_string);
    let files = options.values("f").map(|file| file.basename().to_string());
    let names = options.values("p").map(ToString::to_string);
    project.into_iter().chain(files).chain(names).any(|name| names_tests(&name))
}

/// True if a build or an install fills the volume again, by its name.
pub(crate) fn is_rebuilt(volume: &Value) -> bool {
    let name = volume.to_string().to_ascii_lowercase();
    ["node_modules", "node-modules", "static", "assets", "cache", "build", "venv", "vendor", "tmp", "test"]
        .iter()
        .any(|word| name.contains(word))
}

/// True if a line of a script gives the Compose project the name of a test: `export COMPOSE_PROJECT_NAME=shop_test`.
pub(crate) fn names_test_project(script: &str) -> bool {
    script.split("COMPOSE_PROJECT_NAME=").skip(1).any(|rest| {
        let name =
            rest.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&')).next().unwrap_or_default();
        names_tests(name)
    })
}

#[test]
fn tests_have_projects_of_their_own() {
    let of_tests = |words: &str| {
        let words: Vec<String> = words.split(' ').map(ToString::to_string).collect();
        is_of_tests(crate::shell::line::commands(&words)[0].argv())
    };
    for words in [
        "docker compose -f docker-compose.test.yml down -v",
        "docker compose -f compose.yml -p shop-ci down -v",
        "docker-compose -p smoke down -v",
    ] {
        assert!(of_tests(words), "{words}");
    }
    for words in ["docker compose down -v", "docker compose -f compose.prod.yml -p latest down -v"] {
        assert!(!of_tests(words), "{words}");
    }
}
