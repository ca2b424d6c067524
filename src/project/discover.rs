//! Which of a project's shell scripts deploy, by what they do rather than by what they are called. Lines are scanned
//! cheaply, without a shell grammar: enough to choose what is read closely, never enough to judge it.

use std::fmt;

mod acts;
mod project;

pub use acts::Act;
pub use project::{Candidate, discover};

/// A script with this score deploys: it writes units (5), or does one thing that servers need (3) and is called so (2),
/// or does several things.
pub const THRESHOLD: u32 = 5;

/// Something that a script does, and where it does it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What.
    pub act: Act,
    /// 1-based line.
    pub line: u32,
}

/// Why a script is or is not taken for one that deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// True when it deploys.
    pub deploys: bool,
    /// The score, after the name is taken into account.
    pub score: u32,
    /// What it does.
    pub reasons: Vec<Reason>,
    /// One line for people: `installs packages, writes units, restarts services`.
    pub summary: String,
}

/// Where a script stands in its project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// A Dockerfile copies it or runs it.
    pub in_container: bool,
}

/// What a script does, each act once, and how much that weighs.
pub fn score(text: &str) -> (u32, Vec<Reason>) {
    let reasons = acts::of_text(text);
    let done = reasons.iter().filter(|r| r.act != Act::ServesDevelopment);
    (done.map(|r| r.act.weight()).sum(), reasons)
}

/// Judges one script. `path` is relative to the root.
#[cfg(test)]
pub fn judge(path: &str, text: &str, standing: Standing) -> Verdict {
    let (base, reasons) = score(text);
    verdict(path, base, reasons, standing)
}

fn verdict(path: &str, base: u32, reasons: Vec<Reason>, standing: Standing) -> Verdict {
    let has = |act: Act| reasons.iter().any(|r| r.act == act);
    let not = |score: u32, summary: &str| Verdict {
        deploys: false,
        score,
        reasons: reasons.clone(),
        summary: summary.to_owned(),
    };
    if let Some(why) = foreign(path) {
        return not(0, why);
    }
    // What touches systemd runs on a server, wherever else it may be copied to.
    let on_server = has(Act::WritesUnits) || has(Act::ControlsServices) || has(Act::CreatesUsers);
    if !on_server && (standing.in_container || is_entrypoint(path)) {
        return not(base, "runs inside a container: its image deploys it");
    }
    if !on_server && has(Act::ServesDevelopment) {
        return not(base, "starts a server for development");
    }
    if is_check(path) && !has(Act::WritesUnits) && !has(Act::CreatesUsers) {
        return not(base, "checks or watches what is deployed");
    }
    if tokens(path).any(|token| matches!(token, "uninstall" | "uninstaller" | "teardown")) {
        return not(base, "takes away what was deployed");
    }
    let score = match base {
        0 => 0,
        _ => (base + name_bonus(path)).saturating_sub(name_malus(path)),
    };
    let mut listed: Vec<Act> = reasons.iter().map(|r| r.act).collect();
    listed.sort_by_key(|act| std::cmp::Reverse(act.weight()));
    listed.retain(|act| *act != Act::ServesDevelopment);
    let listed: Vec<String> = listed.iter().take(4).map(Act::to_string).collect();
    let summary = match listed.is_empty() {
        true => "does nothing that deploys".to_owned(),
        false if score < THRESHOLD => format!("only {}", listed.join(", ")),
        false => listed.join(", "),
    };
    Verdict { deploys: score >= THRESHOLD, score, reasons, summary }
}

/// Scripts of others, of tests and of pipelines, by the directories that they lie in or the names that tools give.
fn foreign(path: &str) -> Option<&'static str> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lies_in = |names: &[&str]| directories.split('/').any(|part| names.contains(&part));
    if lies_in(&["node_modules", "vendor", "third_party", "site-packages"])
        || matches!(name, "gradlew" | "mvnw" | "wait-for-it.sh" | "wait-for.sh" | "husky.sh" | "configure")
    {
        Some("written by others")
    } else if lies_in(&["test", "tests", "e2e", "spec", "fixtures", "__tests__", "testdata"])
        || ["test_", "test-", "run_tests", "run-tests"].iter().any(|start| name.starts_with(start))
        || name == "test.sh"
    {
        Some("belongs to tests")
    } else if lies_in(&[
        ".github",
        ".gitlab",
        ".circleci",
        "ci",
        ".ci",
        ".husky",
        ".githooks",
        "hooks",
        ".devcontainer",
    ]) {
        Some("belongs to a pipeline or to an editor")
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
        "check",
        "verify",
        "monitor",
        "status",
        "health",
        "healthcheck",
        "test",
        "lint",
        "smoke",
        "diagnose",
        "debug",
        "backup",
    ];
    tokens(path).any(|token| CHECKS.contains(&token))
}

fn name_bonus(path: &str) -> u32 {
    const NAMES: &[&str] = &[
        "start",
        "deploy",
        "deployment",
        "install",
        "installer",
        "setup",
        "provision",
        "bootstrap",
        "update",
        "upgrade",
        "release",
        "finalize",
        "init",
    ];
    2 * u32::from(tokens(path).any(|token| NAMES.contains(&token)))
}

/// `setup-dev.sh` prepares the developer's machine.
fn name_malus(path: &str) -> u32 {
    const NAMES: &[&str] = &["dev", "develop", "development", "local", "macos", "win", "windows"];
    4 * u32::from(tokens(path).any(|token| NAMES.contains(&token)))
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploys(path: &str, text: &str) -> bool {
        judge(path, text, Standing::default()).deploys
    }

    #[test]
    fn a_script_is_known_by_what_it_does() {
        let text = "#!/bin/bash\nset -e\nsudo apt-get install -y nginx\nuseradd app\n\"$VENV/bin/pip\" install -r requirements.txt\ncat > /etc/systemd/system/web.service <<EOF\n[Service]\nEOF\nsystemctl restart web\n";
        let verdict = judge("x.sh", text, Standing::default());
        assert!(verdict.deploys);
        assert_eq!(verdict.summary, "writes units, installs packages, creates users, restarts services");
        assert_eq!(verdict.reasons[0], Reason { act: Act::InstallsPackages, line: 3 });
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
        ] {
            assert!(deploys("x.sh", text), "{text}: {:?}", score(text));
        }
    }

    #[test]
    fn what_goes_to_a_host_or_through_a_variable_deploys() {
        let shipped = "rsync -az --delete \\\n  --exclude .env \\\n  . ${SSH_USER}@${SSH_HOST}:${APP_DIR}\nssh ${SSH_USER}@${SSH_HOST} 'bash /root/finish.sh'\n";
        assert!(deploys("deploy.sh", shipped), "{:?}", score(shipped));
        let composed = "COMPOSE=\"docker compose -f prod.yml\"\n$COMPOSE build\n$COMPOSE up -d\n";
        assert!(deploys("scripts/deploy.sh", composed), "{:?}", score(composed));
        assert!(deploys(
            "deploy/nginx/install.sh",
            "sudo cp a.conf \"$TARGET\"\nnginx -t\nsudo nginx -s reload\n"
        ));
        for text in [
            "echo \"scp -r . root@host:/srv/app\"\n",
            "git clone git@github.com:a/b.git\nDATABASE_URL=postgres://a:b@c:5432/d\n",
            "docker pull app@sha256:$DIGEST\n",
        ] {
            assert!(score(text).1.iter().all(|r| r.act != Act::ShipsCode), "{text}");
        }
    }

    #[test]
    fn development_containers_tests_and_pipelines_are_left() {
        let install = "pip install -r requirements.txt\npython manage.py migrate\nexec gunicorn x\n";
        assert!(deploys("start.sh", install));
        assert!(!deploys("docker-entrypoint.sh", install));
        let copied = Standing { in_container: true };
        assert!(!judge("start.sh", install, copied).deploys);
        assert!(!deploys("dev.sh", &format!("{install}npm run dev\n")));
        assert!(!deploys("start.sh", "pip install x\nuvicorn app:app --reload\n"));
        for path in [
            "tests/install.sh",
            ".github/deploy.sh",
            "node_modules/a/install.sh",
            "gradlew",
            "test_deploy.sh",
            "deploy/monitor.sh",
            "scripts/uninstall-web.sh",
        ] {
            assert!(!deploys(path, "pip install x\npython manage.py migrate\n"), "{path}");
        }
    }
}
