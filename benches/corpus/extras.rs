//! What longer scripts contain besides the install itself: parts of the app one after the other, checks, configuration of
//! other programs, helpers, menus, and a lot of talk.

use super::more;
use super::plan::{Database, PARTS};
use super::script::Script;
use super::sections::{as_user, unit, write};

/// Adds sections about part `index` of the plan. In a script of functions, they are one function.
pub(crate) fn extra(script: &mut Script<'_>, index: usize) {
    let part = PARTS[index % PARTS.len()];
    let round = index / PARTS.len();
    let part = if round == 0 { part.to_owned() } else { format!("{part}{}", round + 1) };
    let verb = *script.random.pick(&["setup", "prepare", "configure", "update"]);
    script.open(&format!("{verb}_{part}"));
    let sections = 1 + script.random.below(4);
    for at in 0..sections {
        if at > 0 {
            script.blank();
        }
        match script.random.weighted(&[8, 25, 6, 2, 3, 5, 5, 10, 7, 4, 14, 17, 8, 3]) {
            0 => component(script, &part),
            1 => checks(script, &part),
            2 => configuration(script, &part),
            3 => kernel(script, &part),
            4 => helper_script(script, &part),
            5 => backup(script, &part),
            6 => menu(script, &part),
            7 => talk(script, &part),
            8 => wait(script, &part),
            9 => packages_of(script, &part),
            10 => more::containers_of(script, &part),
            11 => more::answers(script, &part),
            12 => more::record(script, &part),
            _ => more::page(script, &part),
        }
    }
    script.close();
}

fn component(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Setting up {part}"));
    let local = script.local();
    script.put(&format!("{local}target=\"@dir@/{part}\""));
    script.either(&[
        (14, "@s@mkdir -p \"$target\""),
        (1, "@s@mkdir \"$target\""),
        (
            2,
            r#"if [ ! -d "$target" ]; then
    @s@mkdir -p "$target/data" "$target/logs"
fi"#,
        ),
    ]);
    script.perhaps(45, &format!("cp -r {part}/. \"$target/\""));
    script.perhaps(25, "@s@rm -rf \"$target/cache\"");
    if script.random.chance(55) {
        let body = format!(
            "# Written by the deploy script: what is changed here by hand is lost when it runs again.
name = {part}
listen = 127.0.0.1:{}
log_file = /var/log/@app@/{part}.log
log_level = info
workers = 2",
            9000 + script.random.below(500)
        );
        write(script, &format!("\"@dir@/{part}/{part}.conf\""), &body);
    }
    if script.random.chance(60) {
        let plan = script.plan;
        let command = plan.part_command("@dir@", part);
        let body = unit(script, part, &command);
        write(script, &format!("/etc/systemd/system/@app@-{part}.service"), &body);
        script.perhaps(80, "@s@systemctl daemon-reload");
        script.put(&format!("@s@systemctl enable @app@-{part}"));
        script.perhaps(85, &format!("@s@systemctl restart @app@-{part}"));
    } else {
        as_user(script, &format!("npm --prefix @dir@/{part} ci"));
    }
    script.perhaps(90, "@s@chown -R @user@:@user@ \"$target\"");
    script.perhaps(25, &format!("@s@mv \"@dir@/{part}.old\" \"$target.bak\" 2>/dev/null || true"));
    script.perhaps(6, &format!("@s@ln -s \"$target/{part}\" /usr/local/bin/@app@-{part}"));
    script.tell(&format!("{part} is set up"));
}

fn checks(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Checking {part}"));
    let port = 9000 + script.random.below(500);
    match script.random.below(4) {
        0 => {
            script.put(&format!("if systemctl is-active --quiet @app@-{part}; then"));
            script.tell_within(&format!("{part} is running"));
            script.put("else");
            script.complain("    ", &format!("{part} is not running"));
            script.put(&format!(
                "    journalctl -u @app@-{part} -n 20 --no-pager
fi"
            ));
        }
        1 => {
            let local = script.local();
            script.put(&format!("{local}code=$(curl -s -o /dev/null -w \"%{{http_code}}\" http://127.0.0.1:{port}/health || echo 000)"));
            script.put("if [ \"$code\" != \"200\" ]; then");
            script.complain("    ", &format!("{part} answers $code"));
            script.put(
                "    FAILED=$((${FAILED:-0} + 1))
fi",
            );
        }
        2 => {
            let local = script.local();
            script.put(&format!("{local}used=$(df -P / | awk 'NR==2 {{print $5}}' | tr -d '%')"));
            script.put("if [ \"$used\" -gt 90 ]; then");
            script.complain("    ", "The disk is nearly full: $used %");
            script.put("fi");
        }
        _ => {
            script.put(&format!(
                r#"for file in @dir@/{part}/{part}.conf @dir@/.env; do
    if [ ! -f "$file" ]; then"#
            ));
            script.complain("        ", "$file is missing");
            script.put(
                "        exit 1
    fi
done",
            );
        }
    }
}

#[expect(clippy::too_many_lines)]
fn configuration(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Configuring what {part} needs"));
    match script.random.below(5) {
        0 => {
            write(
                script,
                &format!("/etc/logrotate.d/@app@-{part}"),
                &format!(
                    "/var/log/@app@/{part}*.log {{
    daily
    missingok
    rotate 14
    compress
    delaycompress
    notifempty
    create 0640 @user@ @user@
    sharedscripts
}}"
                ),
            );
        }
        1 => {
            write(
                script,
                "/etc/fail2ban/jail.local",
                "[DEFAULT]
bantime = 1h
findtime = 10m
maxretry = 5

[sshd]
enabled = true

[nginx-http-auth]
enabled = true",
            );
            script.put("@s@systemctl restart fail2ban");
        }
        2 => {
            script.put(&format!(
                "@s@sed -i \"s/^#*max_connections.*/max_connections = 200/\" /etc/{part}/{part}.conf"
            ));
            script.put(&format!("@s@sed -i 's|^bind .*|bind 127.0.0.1|' /etc/{part}/{part}.conf"));
            script
                .perhaps(40, &format!("@s@sed -i '/^# local/a listen = 127.0.0.1' /etc/{part}/{part}.conf"));
            script.put(&format!("@s@systemctl restart {part} || true"));
        }
        3 => {
            let port = 9000 + script.random.below(500);
            write(
                script,
                &format!("/etc/nginx/conf.d/{part}.conf"),
                &format!(
                    "upstream {part} {{
    server 127.0.0.1:{port};
    keepalive 16;
}}

server {{
    listen 80;
    server_name {part}.@domain@;
    client_max_body_size 20m;

    location / {{
        proxy_pass http://{part};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_read_timeout 300s;
    }}
}}"
                ),
            );
            script.put("@s@nginx -t && @s@systemctl reload nginx");
        }
        _ => {
            write(
                script,
                &format!("/etc/@app@-{part}.json"),
                &format!(
                    r#"{{
  "name": "{part}",
  "logging": {{
    "driver": "json-file",
    "options": {{ "max-size": "10m", "max-file": "3" }}
  }},
  "data": "@dir@/{part}/data"
}}"#
                ),
            );
            script.perhaps(50, &format!("@s@chmod 644 /etc/@app@-{part}.json"));
        }
    }
}

fn kernel(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Tuning the system for {part}"));
    script.either(&[
        (
            3,
            r#"if [ ! -f /swapfile ]; then
    @s@fallocate -l 2G /swapfile
    @s@chmod 600 /swapfile
    @s@mkswap /swapfile
    @s@swapon /swapfile
    echo "/swapfile none swap sw 0 0" | @s@tee -a /etc/fstab
fi"#,
        ),
        (
            1,
            r#"echo "vm.swappiness=10" | @s@tee -a /etc/sysctl.conf
echo "net.core.somaxconn=1024" | @s@tee -a /etc/sysctl.conf
@s@sysctl -p"#,
        ),
        (
            2,
            r#"if ! grep -q "@user@ soft nofile" /etc/security/limits.conf; then
    echo "@user@ soft nofile 65536" | @s@tee -a /etc/security/limits.conf
    echo "@user@ hard nofile 65536" | @s@tee -a /etc/security/limits.conf
fi"#,
        ),
        (
            2,
            "@s@timedatectl set-timezone UTC
@s@systemctl restart cron",
        ),
        (2, "grep -q \"@domain@\" /etc/hosts || echo \"127.0.0.1 @domain@\" | @s@tee -a /etc/hosts"),
    ]);
}

/// A script that a script writes. For the outer one it is data.
fn helper_script(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Writing the helper for {part}"));
    let path = format!("@dir@/scripts/{part}.sh");
    let body = format!(
        r#"#!/bin/bash
set -e
# Looks after {part}: restarts the application when it does not answer, and throws away old logs.
LOG=/var/log/@app@/{part}.log
echo "$(date): {part} begins" >> "$LOG"
cd @dir@
if ! curl -sf http://127.0.0.1:@port@/health > /dev/null; then
    echo "$(date): restarting" >> "$LOG"
    systemctl restart @app@
fi
find /var/log/@app@ -name '*.gz' -mtime +30 -delete"#
    );
    write(script, &path, &body);
    script.put(&format!("@s@chmod +x {path}"));
    script.perhaps(15, &format!("(crontab -l 2>/dev/null; echo \"*/5 * * * * {path}\") | crontab -"));
}

pub(crate) fn backup(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Saving what {part} has"));
    let local = script.local();
    script.put(&format!("{local}stamp=$(date +%Y%m%d_%H%M%S)"));
    script.put(&format!("{local}file=\"@dir@/backups/{part}_${{stamp}}\""));
    script.put("mkdir -p @p/backups@");
    if script.plan.database == Database::Postgres {
        script.either(&[
            (
                3,
                r#"if sudo -u postgres pg_dump @module@ > "$file.sql"; then
    gzip "$file.sql"
else
    echo "the database could not be saved"
    exit 1
fi"#,
            ),
            (3, "sudo -u postgres pg_dump @module@ | gzip > \"$file.sql.gz\""),
        ]);
    } else {
        script.put(&format!("tar -czf \"$file.tar.gz\" -C @dir@ {part} 2>/dev/null || true"));
    }
    script.perhaps(75, "find @p/backups@ -type f -mtime +7 -delete");
    script.tell("Saved as $file");
}

fn menu(script: &mut Script<'_>, part: &str) {
    script.put(&format!(
        r#"case "${{1:-status}}" in
    start)
        @s@systemctl start @app@-{part}
        ;;
    stop)
        @s@systemctl stop @app@-{part} || true
        ;;
    restart)
        @s@systemctl restart @app@-{part}
        ;;
    logs)
        journalctl -u @app@-{part} -n 50 --no-pager
        ;;
    status)
        systemctl status @app@-{part} --no-pager || true
        ;;
    *)
        echo "Usage: $0 {{start|stop|restart|logs|status}}"
        ;;
esac"#
    ));
}

fn talk(script: &mut Script<'_>, part: &str) {
    script.put(
        r#"echo ""
echo "============================================""#,
    );
    script.put(&format!("echo \"  {part}: what you may want to know\""));
    script.put("echo \"============================================\"");
    let lines = [
        format!("echo \"  Status:   systemctl status @app@-{part}\""),
        format!("echo \"  Logs:     journalctl -u @app@-{part} -f\""),
        format!("echo \"  Settings: @dir@/{part}/{part}.conf\""),
        "echo \"  Address:  http://$(hostname -I | awk '{print $1}'):@port@\"".to_owned(),
        "echo \"  Restart:  sudo systemctl restart @app@\"".to_owned(),
        "echo \"  Backups:  @dir@/backups\"".to_owned(),
        format!("echo -e \"  Remove:   rm -rf @dir@/{part}\""),
        "echo \"  Disk:     $(df -h / | tail -1 | awk '{print $4}') free\"".to_owned(),
    ];
    for line in lines {
        script.perhaps(70, &line);
    }
    script.put("echo \"\"");
}

fn wait(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Waiting for {part}"));
    let port = 9000 + script.random.below(500);
    script.either(&[
        (
            3,
            &format!(
                r#"for i in {{1..30}}; do
    if curl -sf http://127.0.0.1:{port}/health > /dev/null 2>&1; then
        echo "{part} answers"
        break
    fi
    if [ "$i" -eq 30 ]; then
        echo "{part} does not answer"
        exit 1
    fi
    sleep 2
done"#
            ),
        ),
        (
            2,
            &format!(
                r#"attempt=0
until nc -z 127.0.0.1 {port}; do
    attempt=$((attempt + 1))
    [ "$attempt" -ge 20 ] && break
    sleep 1
done"#
            ),
        ),
        (2, "sleep 5"),
    ]);
}

fn packages_of(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Installing what {part} needs"));
    let all = [
        "htop", "jq", "unzip", "rsync", "libpq-dev", "imagemagick", "poppler-utils", "redis-tools", "acl",
        "netcat-openbsd",
    ];
    let list: Vec<&str> = (0..4).map(|_| *script.random.pick(&all)).collect();
    let list = list.join(" ");
    script.either(&[
        (12, &format!("@s@apt-get install -y {list}")),
        (1, &format!("@s@apt-get install {list}")),
        (
            2,
            &format!(
                "if ! command -v {} >/dev/null 2>&1; then
    @s@apt-get install -y {list}
fi",
                script_tool(&list)
            ),
        ),
    ]);
    script.perhaps(
        12,
        "if command -v pm2 >/dev/null; then
    pm2 save || true
else
    @s@npm install -g pm2
fi",
    );
}

fn script_tool(list: &str) -> &str {
    list.split(' ').next().unwrap_or_default()
}
