use crate::shell::argv::tests::argv;
use crate::shell::wrappers::*;

fn shown(line: &str) -> String {
    let peeled = peel(argv(line));
    let mut out = String::new();
    if let Some(RunAs::User(user)) = &peeled.user {
        out.push_str(&format!("{user}: "));
    }
    match &peeled.place {
        Some(Place::Remote(host)) => out.push_str(&format!("at {host}: ")),
        Some(Place::Container(name)) => out.push_str(&format!("in {name}: ")),
        _ => {}
    }
    match &peeled.code {
        Some(Code::Argument(code)) => out.push_str(&format!("code <{}>", code.value)),
        Some(Code::Joined(words)) => {
            let words: Vec<String> = words.iter().map(|w| w.value.to_string()).collect();
            out.push_str(&format!("code <{}>", words.join(" ")));
        }
        Some(Code::Stdin) => out.push_str("code from stdin"),
        Some(Code::File { file, .. }) => out.push_str(&format!("file {}", file.value)),
        None => {
            out.push_str(&peeled.argv.program.value.to_string());
            for arg in &peeled.argv.args {
                out.push_str(&format!(" {}", arg.value));
            }
        }
    }
    out
}

#[test]
fn wrappers_are_peeled_with_the_arity_of_their_options() {
    for (line, expected) in [
        ("sudo -u app -H env A=1 nice -n 5 timeout -k 3 60 pip install x", "app: pip install x"),
        ("sudo -E mkdir -p x", "root: mkdir -p x"),
        ("sudo", "root: sudo"),
        ("nvm exec 20 npm ci", "npm ci"),
        ("nvm exec npm ci", "npm ci"),
        ("nvm use 20", "nvm use 20"),
        ("fnm exec --using=20 npm ci", "npm ci"),
        ("volta run --node 20 npm ci", "npm ci"),
        ("mise x node@20 -- npm ci", "npm ci"),
        ("asdf exec npm ci", "npm ci"),
        ("corepack pnpm install", "pnpm install"),
        ("corepack enable", "corepack enable"),
        ("sudo -iu app npm ci", "app: npm ci"),
        ("doas -u app ls", "app: ls"),
        ("systemd-run --on-active=5 systemctl restart web", "systemctl restart web"),
        ("systemd-run --uid=app --pipe --wait -p MemoryMax=1G npm ci", "app: npm ci"),
        ("systemd-run --unit=worker ./worker", "systemd-run --unit=worker ./worker"),
        ("runuser -u app -- git pull", "app: git pull"),
        ("runuser -l app -c x", "app: code <x>"),
        ("su - app -c ls", "app: code <ls>"),
        ("su app", "app: code from stdin"),
        ("sudo su - root", "root: code from stdin"),
        ("command -v docker", "command -v docker"),
        ("command mkdir x", "mkdir x"),
        ("xargs -r -n 1 rm -f", "rm -f"),
        ("bash -lc ls", "code <ls>"),
        ("bash -euo pipefail x.sh a", "file x.sh"),
        ("ssh -p 22 root@web -t uptime", "root: at root@web: code <uptime>"),
        ("docker exec -u app -it web sh -c ls", "app: in web: code <ls>"),
        ("docker compose -f a.yml exec -T web alembic upgrade head", "in web: alembic upgrade head"),
        ("docker-compose run --rm web ./manage.py migrate", "in web: ./manage.py migrate"),
        ("docker run -d --name db -e A=1 postgres", "docker run -d --name db -e A=1 postgres"),
        ("stdbuf -oL gunicorn app", "gunicorn app"),
        ("chroot /mnt apt-get update", "in /mnt: apt-get update"),
        ("eval a b", "code <a b>"),
        ("flock /run/lock/deploy -c ls", "code <ls>"),
        ("flock -n -E 3 /run/lock/deploy mkdir x", "mkdir x"),
        ("flock -n 9", "flock -n 9"),
    ] {
        assert_eq!(shown(line), expected, "{line}");
    }
}
