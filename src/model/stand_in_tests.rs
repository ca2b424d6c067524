//! Which programs of a measured case were replaced by stand-ins, for the tests of both runs.

/// Programs that a measurement cannot run in a throw-away root. Without `# tried: …`, stand-ins play them.
const STAND_INS: [&str; 47] = [
    "add-apt-repository", "apt", "apt-cache", "apt-get", "apt-key", "aptitude", "certbot", "createdb",
    "createuser", "crontab", "curl", "docker", "docker-compose", "dropdb", "dropuser", "gpg", "hostnamectl",
    "iptables", "journalctl", "loginctl", "mysql", "mysqladmin", "nginx", "npm", "npx", "pg_dump",
    "pg_isready", "pip", "pip3", "pm2", "pnpm", "psql", "redis-cli", "scp", "service", "snap", "ssh",
    "supervisorctl", "swapoff", "swapon", "sysctl", "systemctl", "timedatectl", "ufw", "wget", "yarn",
    "reboot",
];

/// The program of a case that a stand-in plays, if the names that the case notes do not have it.
pub(crate) fn stand_in_unsaid(case: &str, noted: &str) -> Option<String> {
    let missing =
        programs(case).into_iter().find(|p| STAND_INS.contains(p) && !noted.split(' ').any(|n| n == *p));
    missing.map(|program| format!("`{program}` is a stand-in, and no `# stand-in: …` says so"))
}

/// The words at places where a command may be, in quoted scripts too. Only the place counts, so there may be too many.
fn programs(case: &str) -> Vec<&str> {
    const BEFORE: [&str; 16] = [
        "!", "if", "elif", "then", "else", "while", "until", "do", "sudo", "env", "exec", "command", "{",
        "(", "xargs", "eval",
    ];
    let mut found = Vec::new();
    for line in case.lines().filter(|line| !line.starts_with('#')) {
        let (mut command, mut value) = (true, false);
        for raw in line.split_whitespace() {
            let word = raw.trim_start_matches(['"', '\'', '`', '$', '(', '{', '!', '\\', '<']);
            let opened = word.len() < raw.len() && !word.is_empty();
            let name = word.trim_end_matches([';', ')', '"', '\'', '`', '&', '|']);
            // `-u postgres` is between `sudo` and its command.
            let (of_option, option) = (std::mem::take(&mut value), command && raw.starts_with('-'));
            if of_option {
                continue;
            }
            if (command || opened) && !option {
                found.push(name.rsplit('/').next().unwrap_or(name));
            }
            value = option && matches!(raw, "-u" | "-g" | "-n");
            let ends = raw.ends_with([';', '|', '&', '(', '{', ')', '!']);
            let assigns = command && name.contains('=') && !name.contains('/');
            command = ends || BEFORE.contains(&name) || assigns || (command && option);
        }
    }
    // In `X=$(docker …)`, the command is inside the word.
    let opens = |(at, opener): (usize, &str)| {
        let rest = &case[at + opener.len()..];
        &rest[..rest.find(|c: char| !c.is_alphanumeric() && !"-_".contains(c)).unwrap_or(rest.len())]
    };
    found.extend(case.match_indices("$(").map(opens));
    found.extend(case.match_indices('`').map(opens));
    found
}
