use super::*;
use crate::shell::argv::tests::argv;

#[test]
fn commands_need_what_a_new_server_lacks() {
    for (line, expected) in [
        ("nginx -t", "nginx"),
        ("/usr/sbin/nginx -t", "nginx"),
        ("createdb shop", "PostgreSQL"),
        ("npm ci", "npm"),
        ("/opt/node/bin/npm ci", ""),
        ("docker compose up -d", "Docker, the plugin for `docker compose`"),
        ("docker-compose up -d", "the program `docker-compose`"),
        ("docker run redis", "Docker"),
        ("python3 -m venv /opt/venv", "the module venv"),
        ("python3 -m pip install x", ""),
        ("git pull", ""),
        ("curl -f x", ""),
    ] {
        let names: Vec<&str> = needed(&argv(line)).iter().map(|supply| supply.name).collect();
        assert_eq!(names.join(", "), expected, "{line}");
    }
    assert_eq!(needed_for_unit("redis-server.service").map(|supply| supply.name), Some("Redis"));
    assert!(needed_for_unit("shop-web").is_none());
}

#[test]
fn packages_bring_programs() {
    let of = |name: &str| SUPPLIES.iter().find(|supply| supply.name == name).unwrap();
    for (name, package, expected) in [
        ("nginx", "nginx-full", true),
        ("nginx", "apache2", false),
        ("PostgreSQL", "postgresql-16", true),
        ("Redis", "redis-tools", true),
        ("Docker", "docker.io", true),
    ] {
        assert_eq!(of(name).comes_with(package), expected, "{name} {package}");
    }
    assert!(COMPOSE_PLUGIN.comes_with("docker-ce-cli") && !COMPOSE_PLUGIN.comes_with("docker.io"));
    assert!(
        COMPOSE_PROGRAM.comes_with("docker-compose") && !COMPOSE_PROGRAM.comes_with("docker-compose-plugin")
    );
    assert!(VENV.comes_with("python3.12-venv") && !VENV.comes_with("python3"));
}

#[test]
fn a_path_brings_programs() {
    let of = |name: &str| SUPPLIES.iter().find(|supply| supply.name == name).unwrap();
    for (name, path, expected) in [
        ("Go", "/usr/bin:/usr/local/go/bin", true),
        ("Go", "/usr/bin:/opt/mongo/bin", false),
        ("Rust", "$HOME/.cargo/bin:$PATH", true),
        ("Java", "$JAVA_HOME/bin:$PATH", true),
        ("npm", "/opt/node-v22/bin:$PATH", true),
        ("npm", "/opt/shop/venv/bin:$PATH", false),
    ] {
        assert_eq!(of(name).is_in_path(path), expected, "{name} {path}");
    }
}

#[test]
fn what_surely_brings_a_program_may_bring_it() {
    for (package, programs) in crate::tools::packages::PROGRAMS {
        for program in *programs {
            for supply in SUPPLIES.iter().filter(|supply| supply.has(program)) {
                // Only NodeSource's nodejs has npm.
                let is_known = *package == "nodejs" && supply.name == "npm";
                assert!(supply.comes_with(package) != is_known, "{package} {program}");
            }
        }
    }
}
