//! Variables that the program which runs a script gives to it, and programs that show or print variables. Sources:
//! systemd.exec(5), certbot's `--deploy-hook`, and the lists of predefined variables of CircleCI, Bitbucket, Azure Pipelines,
//! Drone, Travis, Buildkite, Jenkins and AWS CodeDeploy.

use crate::shell::argv::Argv;

/// Names that the runners of jobs give.
const GIVEN: &[&str] = &[
    "AGENT_BUILDDIRECTORY",
    "AGENT_NAME",
    "AGENT_TEMPDIRECTORY",
    "AGENT_WORKFOLDER",
    "APPLICATION_NAME",
    "BUILD_ARTIFACTSTAGINGDIRECTORY",
    "BUILD_BUILDID",
    "BUILD_BUILDNUMBER",
    "BUILD_NUMBER",
    "BUILD_REPOSITORY_NAME",
    "BUILD_SOURCEBRANCH",
    "BUILD_SOURCEBRANCHNAME",
    "BUILD_SOURCESDIRECTORY",
    "BUILD_SOURCEVERSION",
    "BUILD_STAGINGDIRECTORY",
    "BUILD_URL",
    "DEPLOYMENT_GROUP_ID",
    "DEPLOYMENT_GROUP_NAME",
    "DEPLOYMENT_ID",
    "JOB_NAME",
    "LIFECYCLE_EVENT",
    "WORKSPACE",
];

/// Names that systemd gives to a service, and certbot to a hook.
const OF_A_SERVICE: &[&str] = &[
    "CACHE_DIRECTORY", "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "LISTEN_FDS",
    "LOGS_DIRECTORY", "NOTIFY_SOCKET", "RENEWED_DOMAINS", "RENEWED_LINEAGE", "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
];

/// Beginnings of such names.
const GIVEN_BEGINNINGS: &[&str] = &[
    "BITBUCKET_", "BUILDKITE_", "CERTBOT_", "CIRCLE_", "CODEBUILD_", "DRONE_", "JENKINS_", "RUNNER_",
    "SYSTEM_PULLREQUEST_", "TRAVIS_",
];

/// Programs whose output sets only their own variables, or the path: it is made for `eval`.
const OWN_SETTINGS: &[&str] = &[
    "brew", "dircolors", "fnm", "jenv", "keychain", "lesspipe", "nodenv", "pyenv", "rbenv", "rustup",
    "ssh-agent", "starship", "zoxide",
];

/// True if a runner of jobs gives this variable to a script.
pub(crate) fn callers_give(name: &str) -> bool {
    GIVEN.contains(&name) || GIVEN_BEGINNINGS.iter().any(|start| name.starts_with(start))
}

/// True if a script has this variable where systemd starts it, or certbot as a hook.
pub(crate) fn a_service_has(name: &str) -> bool {
    OF_A_SERVICE.contains(&name)
}

/// True if a substitution, as it is shown, runs a program that sets only variables of its own: `$(ssh-agent -s)`.
pub(crate) fn prints_own_settings(substitution: &str) -> bool {
    let inner = substitution.trim_start_matches(['$', '(', '`', '"', ' ']);
    let end = inner.find(|c: char| c.is_whitespace() || matches!(c, ')' | '`')).unwrap_or(inner.len());
    let program = inner[..end].rsplit('/').next();
    program.is_some_and(|program| OWN_SETTINGS.contains(&program))
}

/// True for a command that shows the environment, or one variable of it: printenv(1), env(1) without a command.
pub(crate) fn shows_environment(argv: &Argv) -> bool {
    argv.name == "printenv" || argv.name == "env" && argv.args.is_empty()
}

#[test]
fn some_programs_print_their_own_settings() {
    for (shown, expected) in [
        ("$(ssh-agent -s)", true),
        ("`ssh-agent`", true),
        ("$(/opt/homebrew/bin/brew shellenv)", true),
        ("$(jq -r .x settings.json)", false),
        ("$(cat /etc/shop.env)", false),
    ] {
        assert_eq!(prints_own_settings(shown), expected, "{shown}");
    }
}

#[test]
fn callers_give_variables() {
    assert!(callers_give("BUILD_NUMBER") && callers_give("CIRCLE_SHA1"));
    assert!(!callers_give("BUILD_DIR") && !callers_give("DEPLOYMENT") && !callers_give("STATE_DIRECTORY"));
    assert!(a_service_has("RENEWED_LINEAGE") && !a_service_has("MAINPID"));
}
