//! Which of a project's shell scripts deploy, judged by what they do rather than by their names. Their models
//! know what they do; this module does not know how models are made.

mod acts;
mod in_turn;
mod project;

use crate::project::sequences::StepCalls;
use crate::source::FileId;
use crate::tools::acts::Act;
use crate::tools::calls::is_brought_along;
use acts::{phrase, weight};
use std::collections::BTreeSet;

pub(crate) use acts::of_script;
pub(crate) use project::discover;

/// The score of a script that deploys. It writes units (5), or does one thing that servers need (3) and has such a name
/// (2), or does several things.
pub(crate) const THRESHOLD: u32 = 5;

/// What a script does for a deploy, as far as it could be analysed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acts {
    /// What it is known to do.
    pub(crate) known: BTreeSet<Act>,
    /// True if nothing of the script is left that could do more.
    pub(crate) whole: bool,
    /// The scripts that it calls.
    pub(crate) calls: StepCalls,
}

/// Why a script counts as one that deploys, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// True if it deploys.
    pub(crate) deploys: bool,
    /// One line for people: `installs packages, writes units, restarts services`.
    pub(crate) summary: String,
    /// True if the script is judged by what it does, and not by where it stands.
    by_acts: bool,
}

/// A script and the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Relative to the root.
    pub(crate) path: String,
    /// The file.
    pub(crate) file: FileId,
    /// Whether it deploys.
    pub(crate) verdict: Verdict,
}

/// Where a script stands in its project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// A Dockerfile copies it or runs it.
    pub(crate) in_container: bool,
}

/// Judges one script by what it does. `path` is relative to the root. A script of which a part could not be analysed counts as
/// one that deploys, unless its path says otherwise: otherwise nobody would be told of that part.
pub(crate) fn judge(path: &str, acts: Acts, standing: Standing) -> Verdict {
    let Acts { known: acts, whole, .. } = acts;
    let base: u32 = acts.iter().map(|act| weight(*act)).sum();
    let has = |act: Act| acts.contains(&act);
    let not = |summary: &str| Verdict { deploys: false, summary: summary.to_owned(), by_acts: false };
    if let Some(why) = foreign(path) {
        return not(why);
    }
    // A script that uses systemd runs on a server, wherever else it may be copied.
    let on_server = has(Act::WritesUnits) || has(Act::ControlsServices) || has(Act::CreatesUsers);
    if !on_server && (standing.in_container || is_entrypoint(path)) {
        return not("runs inside a container: its image deploys it");
    }
    if !on_server && has(Act::ServesDevelopment) {
        return not("starts a server for development");
    }
    let on_developers = tokens(path).any(|token| matches!(token, "dev" | "develop" | "development"));
    if !on_server && on_developers {
        return not("prepares a developer's machine");
    }
    if is_check(path) && !has(Act::WritesUnits) && !has(Act::CreatesUsers) {
        return not("checks or watches what is deployed");
    }
    let score = match base {
        0 => 0,
        _ => (base + name_bonus(path)).saturating_sub(name_malus(path)),
    };
    let listed = listed(&acts);
    let deploys = score >= THRESHOLD || !whole;
    let summary = match listed.is_empty() {
        _ if deploys && score < THRESHOLD => "may deploy: a part of it could not be analysed".to_owned(),
        true => "does nothing that deploys".to_owned(),
        false if score < THRESHOLD => format!("only {}", listed.join(", ")),
        false => listed.join(", "),
    };
    Verdict { deploys, summary, by_acts: name_malus(path) == 0 }
}

/// The weightiest acts, in words.
fn listed(acts: &BTreeSet<Act>) -> Vec<&'static str> {
    let mut listed: Vec<Act> = acts.iter().copied().filter(|act| *act != Act::ServesDevelopment).collect();
    listed.sort_by_key(|act| std::cmp::Reverse(weight(*act)));
    listed.into_iter().take(4).map(phrase).collect()
}

/// Why a script is not judged, whatever it does: it belongs to others, to tests or to pipelines, or it removes what was
/// deployed. Its directories or its name say so.
fn foreign(path: &str) -> Option<&'static str> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lies_in = |names: &[&str]| directories.split('/').any(|part| names.contains(&part));
    if lies_in(&["node_modules", "vendor", "third_party", "site-packages"]) || is_brought_along(name) {
        Some("written by others")
    } else if lies_in(&["test", "tests", "e2e", "spec", "fixtures", "__tests__", "testdata"])
        || ["test_", "test-", "run_tests", "run-tests"].iter().any(|start| name.starts_with(start))
        || name == "test.sh"
    {
        Some("belongs to tests")
    } else if lies_in(&[
        ".github", ".gitlab", ".circleci", "ci", ".ci", ".husky", ".githooks", "hooks", ".devcontainer",
    ]) {
        Some("belongs to a pipeline or to an editor")
    } else if tokens(path).any(|token| matches!(token, "uninstall" | "uninstaller" | "teardown")) {
        Some("removes what was deployed")
    } else {
        None
    }
}

fn tokens(path: &str) -> impl Iterator<Item = &str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    stem.split(['-', '_'])
}

fn is_entrypoint(path: &str) -> bool {
    tokens(path).any(|token| token == "entrypoint")
}

fn is_check(path: &str) -> bool {
    const CHECKS: &[&str] = &[
        "check", "verify", "monitor", "status", "health", "healthcheck", "test", "e2e", "lint", "smoke",
        "diagnose", "debug", "backup",
    ];
    tokens(path).any(|token| CHECKS.contains(&token))
}

fn name_bonus(path: &str) -> u32 {
    const NAMES: &[&str] = &[
        "start", "deploy", "deployment", "install", "installer", "setup", "provision", "bootstrap", "update",
        "upgrade", "release", "finalize", "init",
    ];
    2 * u32::from(tokens(path).any(|token| NAMES.contains(&token)))
}

/// How much a name counts against a script: `setup-dev.sh` prepares the developer's machine.
fn name_malus(path: &str) -> u32 {
    const NAMES: &[&str] = &["dev", "develop", "development", "local", "macos", "win", "windows"];
    4 * u32::from(tokens(path).any(|token| NAMES.contains(&token)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, FollowNothing};
    use crate::source::{SourceFile, Sources};
    use bumpalo::Bump;

    fn whole(text: &str) -> Acts {
        Acts { known: acts(text), whole: true, ..Acts::default() }
    }

    fn acts(text: &str) -> BTreeSet<Act> {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("x.sh".to_owned(), text.into()).unwrap());
        let arena = Bump::new();
        of_script(&model::build(&arena, file, "x.sh", text, &mut FollowNothing))
    }

    fn deploys(path: &str, text: &str) -> bool {
        judge(path, whole(text), Standing::default()).deploys
    }

    #[test]
    fn a_script_is_known_by_what_it_does() {
        let text = "#!/bin/bash\nset -e\nsudo apt-get install -y nginx\nuseradd app\n\"$VENV/bin/pip\" install -r requirements.txt\ncat > /etc/systemd/system/web.service <<EOF\n[Service]\nEOF\nsystemctl restart web\n";
        let verdict = judge("x.sh", whole(text), Standing::default());
        assert!(verdict.deploys);
        assert_eq!(verdict.summary, "writes units, installs packages, creates users, restarts services");
    }

    #[test]
    fn what_is_only_said_is_not_done() {
        for text in [
            "# apt-get install nginx; systemctl restart web\n",
            "echo \"Run: sudo apt-get install nginx && systemctl restart web\"\nprintf 'useradd x'\n",
            "cat <<EOF\nsudo apt-get install nginx\nsystemctl enable web\nEOF\n",
            "systemctl status web\nsystemctl is-active nginx\ngrep useradd x\n",
            "log_info 'then run systemctl restart web and useradd app'\n",
            "",
        ] {
            assert!(!deploys("deploy.sh", text), "{text}");
        }
    }

    #[test]
    fn a_shell_in_a_heredoc_or_string_is_a_shell() {
        for text in [
            "sudo su - deploy <<EOF\n  npm ci\n  npx sequelize db:migrate\n  pm2 restart all\nEOF\n",
            "ssh root@h 'cd /srv/app && git pull && docker compose up -d'\n",
            "sudo -u app bash -c \"cd /srv/app && python manage.py migrate && npm ci\"\n",
            "if ! systemctl restart web; then pip3 install -r r.txt; fi\n",
            "ssh deploy@h bash <<'EOF'\nset -e\nsystemctl restart web\ngit pull\nEOF\n",
            "ssh \"$HOST\" sudo bash -s -- \"$DIR\" <<'EOF'\ncd \"$1\" && git pull && systemctl restart web\nEOF\n",
            "sshpass -p x ssh h 'docker compose up -d && alembic upgrade head'\n",
        ] {
            assert!(deploys("x.sh", text), "{text}: {:?}", acts(text));
        }
    }

    #[test]
    fn what_goes_to_a_host_or_through_a_variable_deploys() {
        let shipped = "rsync -az --delete \\\n  --exclude .env \\\n  . ${SSH_USER}@${SSH_HOST}:${APP_DIR}\nssh ${SSH_USER}@${SSH_HOST} 'bash /root/finish.sh'\n";
        assert!(deploys("deploy.sh", shipped), "{:?}", acts(shipped));
        let composed = "COMPOSE=\"docker compose -f prod.yml\"\n$COMPOSE build\n$COMPOSE up -d\n";
        assert!(deploys("scripts/deploy.sh", composed), "{:?}", acts(composed));
        for composed in [
            "docker compose -p shop \\\n  -f a.yml up -d\n",
            "compose() {\n  docker compose -f a.yml \"$@\"\n}\ncompose pull\ncompose up -d --remove-orphans\n",
            "run() { \"$@\"; }\nrun docker compose up\n",
            "source lib.sh\ncompose up -d\n",
        ] {
            assert!(deploys("scripts/deploy.sh", composed), "{composed}: {:?}", acts(composed));
        }
        assert!(deploys(
            "deploy/nginx/install.sh",
            "sudo cp a.conf \"$TARGET\"\nnginx -t\nsudo nginx -s reload\n"
        ));
        for text in [
            "echo \"scp -r . root@host:/srv/app\"\n",
            "git clone git@github.com:a/b.git\nDATABASE_URL=postgres://a:b@c:5432/d\n",
            "docker pull app@sha256:$DIGEST\n",
        ] {
            assert!(!acts(text).contains(&Act::ShipsCode), "{text}");
        }
    }

    #[test]
    fn development_containers_tests_and_pipelines_are_left() {
        let install = "pip install -r requirements.txt\npython manage.py migrate\nexec gunicorn x\n";
        assert!(deploys("start.sh", install));
        assert!(!deploys("docker-entrypoint.sh", install));
        let copied = Standing { in_container: true };
        assert!(!judge("start.sh", whole(install), copied).deploys);
        assert!(!deploys("dev.sh", &format!("{install}npm run dev\n")));
        assert!(!deploys("start.sh", "pip install x\nuvicorn app:app --reload\n"));
        assert!(!deploys(
            "setup-dev.sh",
            "docker compose up -d\npython manage.py migrate\nnpm ci\nnpm run build\n"
        ));
        for path in [
            "tests/install.sh", ".github/deploy.sh", "node_modules/a/install.sh", "gradlew",
            "test_deploy.sh", "deploy/monitor.sh", "scripts/uninstall-web.sh",
        ] {
            assert!(!deploys(path, "pip install x\npython manage.py migrate\n"), "{path}");
        }
    }

    #[test]
    fn a_script_with_a_part_that_is_not_known_is_taken_unless_its_path_says_no() {
        let part = Acts::default;
        let verdict = judge("deploy/run.sh", part(), Standing::default());
        assert!(verdict.deploys && verdict.summary.starts_with("may deploy"), "{verdict:?}");
        for path in ["tests/run.sh", "docker-entrypoint.sh", "setup-dev.sh", "healthcheck.sh", "uninstall.sh"]
        {
            assert!(!judge(path, part(), Standing::default()).deploys, "{path}");
        }
    }
}
